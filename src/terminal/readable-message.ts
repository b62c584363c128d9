import { isJsonObject } from '../json/json.ts'
import { type Message, serializeMessage } from '../protocol/messages.ts'

/** Erases the line of the cursor, where the progress is shown. */
export const CLEAR_LINE = '\r\x1b[2K'

const LABELS: ReadonlyMap<string, string> = new Map([
  ['WARN', 'warning'],
  ['ERROR', 'error'],
  ['FATAL', 'error'],
])

/** Text of a warning or an error for a terminal; null: the message is neither. */
export function readableMessage(message: Message): string | null {
  if (message.type === 'LOG') {
    const label = LABELS.get(message.log.level)
    return label === undefined ? null : `${label}: ${message.log.message}`
  }
  if (message.type !== 'TRACE' || message.trace.type !== 'ERROR') return null
  return `error: ${message.trace.error.message}`
}

/**
 * Text of a message on a terminal: logs, errors and the result of a check are plain text, and all
 * other messages JSON; null: the message is omitted.
 */
export function terminalText(message: Message): string | null {
  if (isIdleHealth(message)) return null
  return `${CLEAR_LINE}${plainText(message) ?? serializeMessage(message)}`
}

/** Whether it reports that the server is healthy before a row was read. */
function isIdleHealth(message: Message): boolean {
  if (message.type !== 'LOG' || message.log.level !== 'INFO') return false
  const metrics = message.log.health?.['metrics']
  return isJsonObject(metrics) && metrics['rows'] === 0
}

function plainText(message: Message): string | null {
  if (message.type === 'CONNECTION_STATUS') return `check: ${message.connectionStatus.status}`
  return message.type === 'LOG' && message.log.level === 'INFO'
    ? message.log.message
    : readableMessage(message)
}
