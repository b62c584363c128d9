import { readFile } from 'node:fs/promises'
import { ConnectorError, errorCode } from '../errors.ts'
import { locateJsonError, type TextPosition } from '../json/json-error.ts'

/** Purpose of a file on the command line. */
export type FileRole = 'config' | 'catalog' | 'state' | 'shard'

/** Node.js error code → explanation for the user. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
}

/**
 * Reads the JSON value in the file at `path`, which may begin with a byte order mark.
 * @throws ConnectorError config_error with `what` and `path`, without any content.
 */
export async function readJsonFile(
  path: string,
  what: Extract<FileRole, 'config' | 'catalog'>,
): Promise<unknown> {
  const text = await readText(path, what)
  if (text.trim() === '') {
    throw new ConnectorError('config_error', `The ${what} file ${path} is empty`)
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    /*
     * The parser's own error contains a part of the text, which may include a password, so it is
     * not kept as the cause.
     */
    throw notJson(what, path, locateJsonError(text))
  }
}

/** Error for a file that is not JSON from a position on. */
export function notJson(
  what: FileRole,
  path: string,
  { line, column }: TextPosition,
): ConnectorError {
  const message = `The ${what} file ${path} is not JSON: see line ${line}, column ${column}`
  return new ConnectorError('config_error', message)
}

/** Error for a file that cannot be read. */
export function unreadable(what: FileRole, path: string, error: unknown): ConnectorError {
  const code = errorCode(error) ?? 'unknown error'
  const reason = REASONS[code] ?? `cannot be read (${code})`
  return new ConnectorError('config_error', `The ${what} file ${path} ${reason}`, { cause: error })
}

/** Reads the text of a file, which may begin with a byte order mark. */
export async function readText(path: string, what: FileRole): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    throw unreadable(what, path, error)
  }
}
