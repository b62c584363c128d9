import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileOf, type FileOption, notJson, notUtf8, unreadable } from '../config/read-json-file.ts'
import { ConnectorError } from '../errors.ts'
import { quoteInexactNumbers } from '../json/exact-json.ts'
import { locateJsonError } from '../json/json-error.ts'
import { type Line, LineReader } from './line-reader.ts'

/**
 * Matches the beginning of output lines that are not states. There are many, of any length, and
 * they are not kept.
 */
const OTHER_MESSAGE = /^\s*\{\s*"type"\s*:\s*"(?:RECORD|LOG|TRACE)"/

/**
 * Reads the JSON value in the file of `--state`, or the list of those in its lines, such as the
 * output of a read. Records and logs are skipped, and so is an incomplete last line. An empty file
 * is `[]`. Numbers that JavaScript cannot represent are strings.
 * @throws ConnectorError config_error with the option and the path, without any content.
 */
export async function readStateFile(
  path: string,
  option: Extract<FileOption, 'state' | 'state-out'>,
): Promise<unknown> {
  const file = fileOf(option, path)
  const reader = new LineReader(OTHER_MESSAGE)
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) reader.push(chunk)
    reader.end()
  } catch (error) {
    throw unreadable(option, path, error)
  }
  const { lines, hasSkipped } = reader
  const text = lines.map((line) => line.text).join('\n')
  if (!hasSkipped && text.trim() === '') return []
  const isList = hasSkipped || (lines.length > 1 && parse(lines[0]!.text) !== undefined)
  if (isList) return lines.flatMap((line) => parseLine(line, file))
  const value = parse(text)
  if (!lines.every((line) => line.isUtf8)) throw notUtf8(file)
  if (value === undefined) throw notJson(file, locateJsonError(text))
  return value
}

/**
 * Reads the file of `--state-out`; null: it does not exist.
 * @throws ConnectorError config_error if it is not a regular file: it is replaced, and a pipe or a
 * device would be lost.
 */
export async function readSavedStates(path: string): Promise<unknown> {
  const stats = await stat(path).catch(() => null)
  if (stats === null) return null
  if (stats.isFile()) return await readStateFile(path, 'state-out')
  const what = stats.isDirectory() ? 'a directory' : 'a pipe or a device'
  const message = `${fileOf('state-out', path)} is ${what}. Give the path of a regular file, or of one that does not exist yet.`
  throw new ConnectorError('config_error', message)
}

function parseLine({ number, text, isCut, isUtf8 }: Line, file: string): unknown[] {
  const value = text.trim() === '' ? undefined : parse(text)
  if (value === undefined && (text.trim() === '' || isCut)) return []
  if (!isUtf8) throw notUtf8(file)
  if (value !== undefined) return [value]
  throw notJson(file, { line: number, column: locateJsonError(text).column })
}

/** Returns undefined if it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(quoteInexactNumbers(text)) as unknown
  } catch {
    return undefined // The parser's error contains parts of the text
  }
}
