import { readIdentity } from '../../introspection/server-identity.ts'
import { connectionLimit, hasTidRangeScan } from '../../postgres/connection/server-facts.ts'
import type { Database } from '../../postgres/session/database.ts'
import type { Feed, FeedEvent } from '../../replication/feed.ts'
import { COMPLETE, readFullRefresh } from '../../replication/snapshot/full-refresh.ts'
import { loadByPages } from '../../replication/snapshot/initial-load.ts'
import { readSegments } from '../../replication/snapshot/segments.ts'
import { divideFiles, type Shard } from '../../replication/snapshot/shards.ts'
import { checkpoint, type ReadContext, streamFeed } from '../../replication/stream-feed.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import type { Run } from '../../run-context.ts'
import { type Division, ShardGroup } from './shard-group.ts'

/** Minimum size of a shard. Starting a process for less is not worth its cost. */
const MIN_SHARD_BYTES = 64 * 2 ** 20

/**
 * Returns the feed; for a large table, one that is read by several processes, each with a range of
 * its pages, in the snapshot of this process.
 */
export function dividedFeed(run: Run, feed: Feed, division: Division): Feed {
  const [plan] = feed.plans
  const isByPages = plan?.syncMode === 'full_refresh' && plan.relation.hasSystemColumns
  if (!isByPages || plan.fields.length === 0) return feed
  return streamFeed(plan, async function* read(_plan, context) {
    const shards = await divide(plan, context, division)
    if (shards.length < 2) yield* readFullRefresh(plan, context)
    else yield* readShards(run, plan, { context, division, shards })
  })
}

/** Divides a table into shards; returns none if this process reads it alone. */
async function divide(
  plan: StreamPlan,
  context: ReadContext,
  { processes }: Division,
): Promise<readonly Shard[]> {
  const { snapshot, database, reader, savedState } = context
  const shared = snapshot.exported
  const isDivisible = hasTidRangeScan(database.server) && reader.maxBytes === Infinity
  if (shared === null || savedState !== null || !isDivisible) return []
  const segments = await readSegments(plan, context)
  const bytes = segments.reduce((sum, { pages }) => sum + pages * database.server.blockBytes, 0)
  const worth = Math.floor(bytes / MIN_SHARD_BYTES)
  const count = Math.min(processes.count, 1 + roomFor(database), worth)
  if (count < 2) return []
  const { system, database: name } = await readIdentity(database)
  const { snapshot: visible } = shared
  const source = { snapshot: shared.name, visible: visible.text, system, database: name }
  return divideFiles(segments, count).map((ranges, index) => {
    return { ...source, stream: plan.descriptor, index, count, ranges }
  })
}

/** Number of server connections available for other processes. */
function roomFor(database: Database): number {
  return Math.max(0, connectionLimit(database.server) - database.figures().max)
}

interface Reading {
  readonly context: ReadContext
  readonly division: Division
  readonly shards: readonly Shard[]
}

/**
 * Reads the first shard in this process. Only the last STATE is emitted, because an earlier one
 * would not cover the shards of the other processes.
 */
async function* readShards(
  run: Run,
  plan: StreamPlan,
  { context, division, shards }: Reading,
): AsyncGenerator<FeedEvent> {
  const [own, ...others] = shards
  await using group = await ShardGroup.start(run, plan, { division, shards: others })
  const ownPlan = { ...plan, ranges: own!.ranges }
  const load = { finalState: COMPLETE, resume: null }
  for await (const event of loadByPages(ownPlan, context, load)) {
    group.throwIfFailed()
    if (event.type === 'ROWS') yield { ...event, plan }
    yield { type: 'ROWS', plan, ...group.take() }
  }
  await group.finish()
  yield { type: 'ROWS', plan, ...group.take() }
  group.adopt()
  yield checkpoint(plan, COMPLETE)
}
