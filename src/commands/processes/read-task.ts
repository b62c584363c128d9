import type { Run } from '../../run-context.ts'
import { read } from '../read.ts'
import type { ShardTask } from './shard-worker.ts'

/** Reads the shard that the parent process assigns. */
export async function readTask(
  run: Run,
  { config, catalog, shard, arrow }: ShardTask,
): Promise<void> {
  const nothingElse = { state: null, streams: [], stateOut: null, processes: null }
  await read(run, { config, catalog, shard, arrow, ...nothingElse })
}
