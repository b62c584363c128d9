import type { Run } from '../integration_tests/helpers/connector.ts'
import { printLines, wrapped } from '../integration_tests/helpers/report.ts'

const WIDTH = 80

/** Unexpected results in all parts of the demo. */
export const unexpected: string[] = []

export function expectThat(isTrue: boolean, message: string): void {
  if (!isTrue) unexpected.push(message)
}

export function expectCode(run: Run, code: number, command: string): void {
  if (run.code === code) return
  unexpected.push(`${command} ended with ${run.code ?? run.signal}\n${run.stderr.slice(-1000)}`)
}

/** Shows what a step is about, and its command. */
export function showCommand(title: string, ...parts: readonly string[]): void {
  const rule = '─'.repeat(WIDTH - title.length - 4)
  printLines('', `── ${title} ${rule}`, `$ source-postgres ${parts.join(' ')}`)
}

/** Shows a text in lines of the demo's width. */
export function showText(text: string): void {
  printLines(wrapped(text, WIDTH))
}

export function showConnectionStatus({ connectionStatus }: Run): void {
  const { status = 'no status', message } = connectionStatus ?? {}
  showText(message === undefined ? status : `${status}: ${message}`)
}

/** Shows the first record of a stream. */
export function showRecord(stream: string, record: unknown): void {
  showText(`${stream}: ${JSON.stringify(record ?? null)}`)
}
