import { addAbortSignal, type Readable } from 'node:stream'
import { parseShardLine } from '../replication/snapshot/read-shard.ts'
import { parseShard } from '../replication/snapshot/shards.ts'
import type { Run } from '../run-context.ts'
import { read, type ReadInput } from './read.ts'

/**
 * Reads the shards of an input, one after the other, as their lines arrive. One process
 * can read all shards that a consumer gets.
 * @throws ConnectorError the failure of a shard, which ends the run.
 */
export async function readShards(run: Run, input: ReadInput, shards: Readable): Promise<void> {
  addAbortSignal(run.signal, shards)
  for await (const line of linesOf(shards)) {
    const shard = parseShard(parseShardLine(line))
    await read({ ...run, startedAtMs: Date.now() }, { ...input, shard })
  }
}

/**
 * Lines that are not empty. `readline` is not used: it also divides at U+2028, which JSON may
 * contain.
 */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = `${text}${chunk}`.split('\n')
    text = lines.pop() ?? ''
    yield* lines.filter((line) => line.trim() !== '')
  }
  if (text.trim() !== '') yield text
}
