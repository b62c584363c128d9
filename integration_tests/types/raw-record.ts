import { lineOf, type Message } from '../helpers/messages.ts'

/** A record with the JSON of each value, with all digits. */
export interface RawRecord {
  readonly values: ReadonlyMap<string, string>
  /** `field CHANGE REASON` */
  readonly changes: readonly string[]
}

/**
 * Matches one JSON value at `lastIndex` as far as needed to find its end; lists and objects are
 * parsed recursively.
 */
const SCALAR = /"(?:[^"\\]|\\.)*"|[^,{}[\]"]+/uy
const BRACKET = /[[\]{}]|"(?:[^"\\]|\\.)*"/gu

/** Returns the raw values of a record message. */
export function rawRecord(message: Message): RawRecord {
  const { record } = message
  if (record === undefined) throw new Error('Not a record')
  const { data, meta } = record
  const line = lineOf(message)
  const values = new Map<string, string>()
  let at = line.indexOf('"data":{') + '"data":{'.length
  for (const name of Object.keys(data)) {
    at += JSON.stringify(name).length + 1
    const end = endOfValue(line, at)
    values.set(name, line.slice(at, end))
    at = end + 1
  }
  if (!line.startsWith('}', at - 1)) throw new Error(`Keys are repeated or missing in ${line}`)
  const changes = meta?.changes ?? []
  return {
    values,
    changes: changes.map(({ field, change, reason }) => [field, change, reason].join(' ')),
  }
}

function endOfValue(text: string, start: number): number {
  if (!'[{'.includes(text.charAt(start))) {
    SCALAR.lastIndex = start
    SCALAR.exec(text)
    return SCALAR.lastIndex
  }
  BRACKET.lastIndex = start
  for (let depth = 0, found = BRACKET.exec(text); found !== null; found = BRACKET.exec(text)) {
    if (found[0].length > 1) continue
    depth += '[{'.includes(found[0]) ? 1 : -1
    if (depth === 0) return BRACKET.lastIndex
  }
  throw new Error(`A value does not end: ${text.slice(start, start + 200)}`)
}
