import { ConnectorError } from '../errors.ts'
import { SharedSnapshot } from '../parallel/shared-snapshot.ts'
import type { Feed } from '../replication/feed.ts'
import { RewriteGuard } from '../replication/snapshot/rewrite-guard.ts'
import { logger, type Run } from '../run-context.ts'
import { readFeed } from './read-feed.ts'
import type { Sync } from './sync.ts'

/** Reads feeds one after the other, in one snapshot. When it fails, the last reachable state is in the output. */
export async function readFeeds(run: Run, feeds: readonly Feed[], sync: Sync): Promise<void> {
  const { config, database, states, policy } = sync
  run.signal.throwIfAborted()
  const log = logger(run)
  const prepared = { config, database, states, log }
  const plans = feeds.flatMap((feed) => feed.plans)
  const guard = await RewriteGuard.note(database, plans)
  for (const feed of feeds) await feed.prepare?.(prepared)
  const logInfo = (message: string): void => log('INFO', message)
  const setting = { database, policy, log: logInfo }
  await using snapshot = await SharedSnapshot.take(setting)
  const onAbort = (): void => snapshot.abort(ConnectorError.from(run.signal.reason))
  run.signal.addEventListener('abort', onAbort)
  sync.health.watch(snapshot)
  const context = { ...prepared, guard, snapshot, transaction: snapshot.holder }
  try {
    for (const feed of feeds) {
      run.signal.throwIfAborted()
      await readFeed(run, feed, { sync, context })
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort)
    sync.health.watch(null)
  }
}
