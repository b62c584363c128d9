import { fileOf, parseJson, readText } from '../../config/read-json-file.ts'
import { ConnectorError } from '../../errors.ts'

/**
 * Reads the shard on a command line: JSON, or the path of a file with one shard per line.
 * @param index index of the line, starting at 0; null: the file has one line.
 * @throws ConnectorError config_error if the file or the line does not exist, or is not JSON.
 */
export async function readShard(given: string, index: number | null): Promise<unknown> {
  if (given.trimStart().startsWith('{')) return parseJson(given, 'The value of --shard')
  const lines = (await readText(given, 'shard')).split('\n').filter((line) => line.trim() !== '')
  if (index === null && lines.length > 1) {
    const message = `${fileOf('shard', given)} has ${lines.length} shards. Choose one with --shard-index.`
    throw new ConnectorError('config_error', message)
  }
  const at = index ?? 0
  const line = lines[at]
  if (line !== undefined) return parseJson(line, fileOf('shard', given), at + 1)
  const message = `${fileOf('shard', given)} has ${lines.length} shards and none with index ${at}. Correct --shard-index.`
  throw new ConnectorError('config_error', message)
}

/** @throws ConnectorError config_error if a line of standard input is not JSON. */
export function parseShardLine(line: string): unknown {
  return parseJson(line, 'A line of standard input (--shard -)')
}
