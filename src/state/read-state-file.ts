import { createReadStream } from 'node:fs'
import { notJson, unreadable } from '../config/read-json-file.ts'
import { quoteInexactNumbers } from '../json/exact-json.ts'
import { locateJsonError } from '../json/json-error.ts'
import { type Line, LineReader } from './line-reader.ts'

/** How the lines of a read's output begin that are no states: there are many, of any length, and none is kept. */
const OTHER_MESSAGE = /^\s*\{\s*"type"\s*:\s*"(?:RECORD|LOG|TRACE)"/

/**
 * The JSON value in the file of `--state`, or the list of those in its lines, such as the output of a read: records and
 * logs are left out of it, and so is a last line that was cut off. An empty file is `[]`. Numbers that JavaScript cannot
 * hold are strings.
 * @throws ConnectorError config_error that names `path` and quotes nothing of the content.
 */
export async function readStateFile(path: string): Promise<unknown> {
  const reader = new LineReader(OTHER_MESSAGE)
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) reader.push(chunk)
    reader.end()
  } catch (error) {
    throw unreadable('state', path, error)
  }
  const { lines, hasSkipped } = reader
  const text = lines.map((line) => line.text).join('\n')
  if (!hasSkipped && text.trim() === '') return []
  const isList = hasSkipped || (lines.length > 1 && parse(lines[0]!.text) !== undefined)
  if (isList) return lines.flatMap((line) => parseLine(line, path))
  const value = parse(text)
  if (value === undefined) throw notJson('state', path, locateJsonError(text))
  return value
}

function parseLine({ number, text, isCut }: Line, path: string): unknown[] {
  const value = text.trim() === '' ? undefined : parse(text)
  if (value !== undefined) return [value]
  if (text.trim() === '' || isCut) return []
  throw notJson('state', path, { line: number, column: locateJsonError(text).column })
}

/** Undefined: it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(quoteInexactNumbers(text)) as unknown
  } catch {
    return undefined // The parser's error quotes the text
  }
}
