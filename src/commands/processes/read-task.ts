import { parseConfiguredCatalog } from '../../catalog/configured-catalog.ts'
import { parseShard } from '../../replication/snapshot/shards.ts'
import type { Run } from '../../run-context.ts'
import { read } from '../read.ts'
import type { ShardTask } from './shard-worker.ts'

/** Reads the shard that the parent process assigns. */
export async function readTask(
  run: Run,
  { config, catalog, shard, arrow }: ShardTask,
): Promise<void> {
  const parsed = { catalog: parseConfiguredCatalog(catalog), shard: parseShard(shard) }
  const nothingElse = { states: null, streams: [], stateOut: null, processes: null }
  await read(run, { config, arrow, ...parsed, ...nothingElse })
}
