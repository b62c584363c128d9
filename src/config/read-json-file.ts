import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { ConnectorError, errorCode } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json/json.ts'
import { locateJsonError, type TextPosition } from '../json/json-error.ts'

/** An option of the command line whose value is a file. */
export type FileOption = 'config' | 'catalog' | 'state' | 'state-out' | 'shard'

const FORBIDDEN = 'may not be read by this user. Grant it read access.'

/** Node.js error code → problem and remedy. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist. Correct the path.',
  ENOTDIR: 'does not exist. Correct the path.',
  EISDIR: 'is a directory. Give the path of a file.',
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
}

/**
 * Reads the JSON object in the file at `path`, which may begin with a byte order mark.
 * @throws ConnectorError config_error with the option and the path, without any content.
 */
export async function readJsonFile(
  path: string,
  option: Extract<FileOption, 'config' | 'catalog'>,
): Promise<JsonObject> {
  const file = fileOf(option, path)
  const value = parseJson(await readText(path, option), file)
  if (isJsonObject(value)) return value
  throw new ConnectorError('config_error', `${file} must contain a JSON object.`)
}

/**
 * Parses JSON.
 * @param source subject of the message.
 * @param firstLine number of the first line of `text` in the source.
 * @throws ConnectorError config_error with the position of the problem, without any content.
 */
export function parseJson(text: string, source: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    /*
     * The parser's own error contains a part of the text, which may include a password, so it is
     * not kept as the cause.
     */
    const { line, column } = locateJsonError(text)
    throw notJson(source, { line: firstLine + line - 1, column })
  }
}

/** The file of an option, as the subject of a message. */
export function fileOf(option: FileOption, path: string): string {
  return `The file ${path} of --${option}`
}

/** Error for a source that is not JSON from a position on. */
export function notJson(source: string, { line, column }: TextPosition): ConnectorError {
  const message = `${source} is not JSON: correct line ${line}, column ${column}.`
  return new ConnectorError('config_error', message)
}

/** Error for a file with bytes that are not UTF-8. */
export function notUtf8(file: string): ConnectorError {
  return new ConnectorError('config_error', `${file} is not UTF-8 text. Save it as UTF-8.`)
}

/** Error for a file that cannot be read. */
export function unreadable(option: FileOption, path: string, error: unknown): ConnectorError {
  const code = errorCode(error) ?? 'unknown error'
  const problem = PROBLEMS[code] ?? `cannot be read (${code}). Give another path.`
  const isFirst = option === 'state' && code === 'ENOENT'
  const first = isFirst
    ? ' For a first read, omit --state, or give the path to --state-out, too.'
    : ''
  const message = `${fileOf(option, path)} ${problem}${first}`
  return new ConnectorError('config_error', message, { cause: error })
}

/** Reads the text of a file, which may begin with a byte order mark. */
export async function readText(path: string, option: FileOption): Promise<string> {
  const file = fileOf(option, path)
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(option, path, error)
  })
  if (!isUtf8(bytes)) throw notUtf8(file)
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
  if (text.trim() !== '') return text
  const content =
    option === 'shard' ? "lines that 'source-postgres shards' printed" : 'a JSON object'
  throw new ConnectorError('config_error', `${file} is empty. It must contain ${content}.`)
}
