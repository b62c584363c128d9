import { streamKey } from '../protocol/stream-names.ts'
import type { Feed, FeedContext, FeedEvent, RowSink, RowsRead } from '../replication/feed.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Run } from '../run-context.ts'
import type { StreamWriter } from '../writers/writer.ts'
import { FeedCheckpoints } from './feed-checkpoints.ts'
import type { Sync } from './sync.ts'

/** A failure of a feed, as opposed to one of its output. It concerns no other feed. */
export class FeedError extends Error {
  constructor(cause: unknown) {
    super('a feed failed', { cause })
    this.name = 'FeedError'
  }
}

/** Context that all feeds of an attempt share. */
export type AttemptContext = Omit<FeedContext, 'sinkOf' | 'openReader'>

/** The writers of a feed, by stream key. */
type Writers = ReadonlyMap<string, StreamWriter>

/**
 * Reads one feed to its end. If that fails, its last reachable state has been emitted.
 * @throws FeedError if the feed failed.
 */
export async function readFeed(
  run: Run,
  feed: Feed,
  { sync, context }: { sync: Sync; context: Omit<FeedContext, 'sinkOf'> },
): Promise<void> {
  for (const plan of feed.plans) start(plan, sync)
  const writers = await openWriters(feed, sync)
  const targets = { ...sync, checkpointer: sync.checkpointerOf(feed) }
  const checkpoints = new FeedCheckpoints(run, targets, [...writers.values()])
  const sinkOf = (plan: StreamPlan): RowSink => writerOf(plan, writers).sink
  try {
    for await (const event of eventsOf(feed, { ...context, sinkOf })) {
      if (event.type === 'ROWS') countRows(event, sync)
      else checkpoints.reach(event.state)
      await drain(event, writers)
      await run.output.drain()
      checkpoints.emitDurable()
      sync.stateFile?.save()
      run.signal.throwIfAborted()
    }
    for (const writer of writers.values()) await writer.finish()
  } catch (error) {
    await Promise.allSettled([...writers.values()].map((writer) => writer.flush()))
    checkpoints.end()
    throw error
  }
  checkpoints.end()
  await acknowledge(run, feed, { sync, context })
  for (const { descriptor } of feed.plans) {
    sync.statuses.complete(descriptor)
    sync.progress.complete(descriptor)
  }
}

/**
 * Acknowledges a position with `--state-out` only: any other consumer has not stored the states
 * yet.
 */
async function acknowledge(
  { output }: Run,
  feed: Feed,
  { sync: { stateFile }, context }: { sync: Sync; context: AttemptContext },
): Promise<void> {
  if (feed.acknowledge === undefined || stateFile === null) return
  await output.flush()
  await stateFile.finish()
  await feed.acknowledge(context)
}

async function* eventsOf(feed: Feed, context: FeedContext): AsyncGenerator<FeedEvent> {
  try {
    yield* feed.read(context)
  } catch (error) {
    throw new FeedError(error)
  }
}

function start({ descriptor, relation }: StreamPlan, { statuses, progress, states }: Sync): void {
  statuses.started(descriptor)
  // The remaining rows after a saved state are not those of the statistics
  const isFresh = states.stream(descriptor) === null
  progress.start(descriptor, isFresh ? relation.estimatedRows : null)
}

async function openWriters(feed: Feed, sync: Sync): Promise<Writers> {
  const opened = new Map<string, StreamWriter>()
  for (const plan of feed.plans) {
    const isResumed = sync.states.stream(plan.descriptor) !== null
    const { writer, discardedRows } = await sync.writers.open(plan, isResumed)
    sync.checkpointerOf(feed).count(-discardedRows)
    opened.set(streamKey(plan.descriptor), writer)
  }
  return opened
}

function writerOf({ descriptor }: StreamPlan, writers: Writers): StreamWriter {
  const writer = writers.get(streamKey(descriptor))
  if (writer === undefined)
    throw new Error('a feed has rows of a stream that does not belong to it')
  return writer
}

/**
 * Drains the writers. Those of other streams may have rows that wait for the end of a batch, which
 * has a time limit.
 */
async function drain(event: FeedEvent, writers: Writers): Promise<void> {
  if (event.type === 'ROWS') return await writerOf(event.plan, writers).drain()
  for (const writer of writers.values()) {
    if (writer.durableRows < writer.sink.rows) await writer.drain()
  }
}

function countRows({ plan: { descriptor }, rows, bytes }: RowsRead, sync: Sync): void {
  sync.statuses.running(descriptor)
  sync.health.count(descriptor, { rows, bytes })
  sync.progress.count(descriptor, { rows, bytes })
}
