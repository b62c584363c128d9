import { notJson, readText } from '../../config/read-json-file.ts'
import { ConnectorError } from '../../errors.ts'
import { locateJsonError } from '../../json/json-error.ts'

/**
 * Reads the shard on a command line: JSON, or the path of a file with one shard per line.
 * @param index index of the line, starting at 0; null: the file has one line.
 * @throws ConnectorError config_error if the file or the line does not exist, or is not JSON.
 */
export async function readShard(given: string, index: number | null): Promise<unknown> {
  if (given.trimStart().startsWith('{')) return parse(given, '(command line)')
  const lines = (await readText(given, 'shard')).split('\n').filter((line) => line.trim() !== '')
  if (index === null && lines.length > 1) {
    const message = `The shard file ${given} has ${lines.length} shards. Choose one with --shard-index.`
    throw new ConnectorError('config_error', message)
  }
  const line = lines[index ?? 0]
  if (line !== undefined) return parse(line, given)
  const message = `The shard file ${given} has ${lines.length} shards and no shard with index ${index ?? 0}.`
  throw new ConnectorError('config_error', message)
}

/** @throws ConnectorError config_error if a line of standard input is not JSON. */
export function parseShardLine(line: string): unknown {
  return parse(line, '(standard input)')
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw notJson('shard', path, locateJsonError(text))
  }
}
