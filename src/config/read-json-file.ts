import { readFile } from 'node:fs/promises'
import { ConnectorError, errorCode } from '../errors.ts'
import { quoteInexactNumbers } from '../json/exact-json.ts'
import { locateJsonError } from '../json/json-error.ts'

/** What a file on the command line is for. */
export type FileRole = 'config' | 'catalog' | 'state'

/** Node.js error code → what it means for someone who names a file. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
}

/**
 * The JSON value in the file at `path`, which may begin with a byte order mark. An empty state file
 * is `[]`: there is no state. In a state, numbers that JavaScript cannot hold are strings.
 * @throws ConnectorError config_error that names `what` and `path`, and quotes nothing of the content.
 */
export async function readJsonFile(path: string, what: FileRole): Promise<unknown> {
  const text = await readText(path, what)
  if (text.trim() === '') {
    if (what === 'state') return []
    throw new ConnectorError('config_error', `The ${what} file ${path} is empty`)
  }
  try {
    return JSON.parse(what === 'state' ? quoteInexactNumbers(text) : text) as unknown
  } catch {
    /* The parser's own error quotes the text, which may hold a password: it is not kept as a cause. */
    const { line, column } = locateJsonError(text)
    const place = `line ${line}, column ${column}`
    throw new ConnectorError('config_error', `The ${what} file ${path} is not JSON: see ${place}`)
  }
}

async function readText(path: string, what: FileRole): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error'
    const reason = REASONS[code] ?? `cannot be read (${code})`
    throw new ConnectorError('config_error', `The ${what} file ${path} ${reason}`, { cause: error })
  }
}
