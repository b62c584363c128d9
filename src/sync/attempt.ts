import { ConnectorError, isTransient } from '../errors.ts'
import { SharedSnapshot } from '../parallel/shared-snapshot.ts'
import { errorTrace } from '../protocol/messages.ts'
import type { Feed } from '../replication/feed.ts'
import { RewriteGuard } from '../replication/snapshot/rewrite-guard.ts'
import { logger, type Run } from '../run-context.ts'
import { FeedError, readFeed } from './read-feed.ts'
import type { Sync } from './sync.ts'

/**
 * Reads feeds one after the other, in one snapshot. One that fails is reported, and the others are still read, unless the
 * snapshot was lost with it: then they are left to the next attempt.
 * @throws what may pass or concerns all feeds; then the last reachable states are in the output.
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
    for (const feed of feeds) {
      run.signal.throwIfAborted()
      await readFeed(run, feed, { sync, context }).catch((error: unknown) => {
        reportFailure(run, feed, { sync, error })
      })
      if (!snapshot.holder.isUsable) return
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort)
    sync.health.watch(null)
  }
}

/** The failure of a feed ends its streams. @throws what is no such failure. */
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
