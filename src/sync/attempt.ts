import { ConnectorError, isTransient } from '../errors.ts'
import { ReadAloneError } from '../parallel/session-group.ts'
import { SharedSnapshot } from '../parallel/shared-snapshot.ts'
import { errorTrace } from '../protocol/messages.ts'
import type { Feed, FeedContext } from '../replication/feed.ts'
import { RewriteGuard } from '../replication/snapshot/rewrite-guard.ts'
import { logger, type Run } from '../run-context.ts'
import { groupFeeds } from './feed-groups.ts'
import { type AttemptContext, FeedError, readFeed } from './read-feed.ts'
import type { Sync } from './sync.ts'

/** Context of a running attempt. */
interface Attempt {
  readonly run: Run
  readonly sync: Sync
  readonly context: AttemptContext
  /** Groups of feeds that no reader has taken yet. */
  readonly queue: Feed[][]
  /** Groups that are being read. Some of their feeds may return to the queue. */
  readonly groups: Set<Promise<void>>
  /**
   * The first failure that ends the attempt. Feeds that are being read at that time are read to
   * their end.
   */
  failure: { readonly error: unknown } | null
}

/**
 * Reads feeds in one snapshot, streams side by side. A feed that fails is reported, and the others
 * are still read, unless the snapshot was lost, too: then they are left to the next attempt.
 * @throws an error that is transient or concerns all feeds, after the last reachable states have
 * been emitted.
 */
export async function readFeeds(run: Run, feeds: readonly Feed[], sync: Sync): Promise<void> {
  const { config, database, states, startedMs, policy } = sync
  run.signal.throwIfAborted()
  const log = logger(run)
  const prepared = { config, database, states, log }
  const plans = feeds.flatMap((feed) => feed.plans)
  const guard = await RewriteGuard.note(database, plans)
  for (const feed of feeds) await feed.prepare?.(prepared)
  const logInfo = (message: string): void => log('INFO', message)
  const setting = { database, policy, imported: sync.imported, log: logInfo }
  await using snapshot = await SharedSnapshot.take(setting)
  const onAbort = (): void => snapshot.abort(ConnectorError.from(run.signal.reason))
  run.signal.addEventListener('abort', onAbort)
  sync.health.watch(snapshot)
  const endSnapshot = async (): Promise<void> => {
    sync.health.watch(null)
    await snapshot[Symbol.asyncDispose]()
  }
  const { holder: transaction } = snapshot
  const context = { ...prepared, startedMs, guard, snapshot, transaction, endSnapshot }
  try {
    await readAll({ run, sync, context, queue: [], groups: new Set(), failure: null }, feeds)
  } finally {
    run.signal.removeEventListener('abort', onAbort)
    sync.health.watch(null)
  }
}

/** Reads streams side by side, then the feed that ends the snapshot. */
async function readAll(attempt: Attempt, feeds: readonly Feed[]): Promise<void> {
  const { queue, context } = attempt
  const streams = feeds.filter(({ scope }) => scope === 'STREAM')
  queue.push(...groupFeeds(streams, context.snapshot.maxGrouped))
  await context.snapshot.readSideBySide(queue.length, async () => await work(attempt))
  queue.push(...feeds.filter(({ scope }) => scope === 'GLOBAL').map((feed) => [feed]))
  await work(attempt)
  if (attempt.failure !== null) throw attempt.failure.error
  attempt.run.signal.throwIfAborted()
}

/** Reads feeds from the queue. Never rejects. */
async function work(attempt: Attempt): Promise<void> {
  const { queue, groups, context, run } = attempt
  while (attempt.failure === null && !run.signal.aborted && context.snapshot.holder.isUsable) {
    const feeds = queue.shift()
    if (feeds === undefined && groups.size === 0) return
    await (feeds === undefined ? Promise.race(groups) : readNext(feeds, attempt))
  }
}

async function readNext(feeds: readonly Feed[], attempt: Attempt): Promise<void> {
  const { groups } = attempt
  const reading = readTogether(feeds, attempt).catch((error: unknown) => {
    attempt.failure ??= { error }
  })
  if (feeds.length > 1) groups.add(reading)
  await reading
  groups.delete(reading)
}

async function readTogether(feeds: readonly Feed[], attempt: Attempt): Promise<void> {
  const { snapshot } = attempt.context
  await using group = feeds.length > 1 ? await snapshot.openGroup() : null
  if (group === null && feeds.length > 1) {
    attempt.queue.unshift(...feeds.map((feed) => [feed]))
  } else if (group === null) {
    await read(feeds[0]!, attempt, async () => await snapshot.open())
  } else {
    const joined = feeds.map((feed) => ({ feed, reader: group.join() }))
    await Promise.all(
      joined.map(async ({ feed, reader }) => {
        const isRead = await read(feed, attempt, async () => await Promise.resolve(reader))
        await reader[Symbol.asyncDispose]()
        if (!isRead) attempt.queue.unshift([feed])
      }),
    )
  }
}

/** Returns whether the feed is finished in this attempt. Never rejects. */
async function read(
  feed: Feed,
  attempt: Attempt,
  openReader: FeedContext['openReader'],
): Promise<boolean> {
  const { run, sync, context } = attempt
  try {
    await readFeed(run, feed, { sync, context: { ...context, openReader } })
  } catch (error) {
    const isGroups = error instanceof FeedError && error.cause instanceof ReadAloneError
    if (isGroups && !run.signal.aborted) return false
    try {
      reportFailure(run, feed, { sync, error })
    } catch (cause) {
      attempt.failure ??= { error: cause }
    }
  }
  return true
}

/** Reports the failure of a feed, which ends its streams. @throws any other error. */
function reportFailure(
  run: Run,
  { plans }: Feed,
  { sync, error }: { sync: Sync; error: unknown },
): void {
  const cause = error instanceof FeedError ? error.cause : error
  if (!(error instanceof FeedError) || isTransient(cause) || run.signal.aborted) throw cause
  for (const { descriptor } of plans) sync.statuses.failed(descriptor)
  const [plan, ...others] = plans
  const isOfOne = plan !== undefined && others.length === 0
  const reported = isOfOne
    ? ConnectorError.ofStream(plan.descriptor, cause)
    : ConnectorError.from(cause)
  run.output.write(errorTrace(reported, Date.now()))
}
