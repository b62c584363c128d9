import { ConnectorError, ReportedError } from '../errors.ts'
import { errorTrace } from '../protocol/messages.ts'
import type { Feed } from '../replication/feed.ts'
import type { StreamProblem } from '../replication/plan-streams.ts'
import type { Run } from '../run-context.ts'
import { readFeeds } from './attempt.ts'
import { awaitRetry } from './retries.ts'
import { openSync, type Sync, type SyncParts } from './sync.ts'

/** Feeds of an attempt, and the streams that have none. */
export interface PlannedFeeds {
  readonly feeds: readonly Feed[]
  readonly problems: readonly StreamProblem[]
}

/**
 * Provides the feeds of the first attempt, and those of later attempts from the current database.
 */
export interface FeedSource {
  readonly first: PlannedFeeds
  readonly renew: () => Promise<PlannedFeeds>
}

/**
 * Reads the feeds. A transient failure (a lost connection, a restarting server, a recovery
 * conflict) is retried from the last state, up to `max_retries` times without any progress in
 * between. A feed that fails with another error is reported, and the others are still read.
 * @throws ReportedError if a feed failed with such an error.
 * @throws ConnectorError after the last retry; the last reachable states and INCOMPLETE have been
 * emitted.
 */
export async function readWithRetries(
  run: Run,
  source: FeedSource,
  parts: SyncParts,
): Promise<void> {
  const { statuses } = parts
  run.onHardExit.add(() => statuses.incomplete())
  try {
    await readAll(run, source, openSync(parts))
  } catch (error) {
    statuses.incomplete()
    throw error
  }
  if (statuses.haveFailures) throw new ReportedError()
}

async function readAll(run: Run, source: FeedSource, sync: Sync): Promise<void> {
  const { states } = sync
  const { maxRetries } = sync.config
  let failures = 0
  for (let isFirst = true; ; isFirst = false) {
    const { emitted } = states
    try {
      const { feeds: planned, problems } = isFirst ? source.first : await source.renew()
      reportProblems(run, problems, sync)
      const feeds = unreadOf(planned, sync)
      await readFeeds(run, feeds, sync)
      if (unreadOf(feeds, sync).length === 0) return
    } catch (error) {
      failures = states.emitted > emitted ? 1 : failures + 1
      await awaitRetry(run, { error, failures, maxRetries })
    }
  }
}

/** Ends the streams that cannot be read. */
function reportProblems(
  { output }: Run,
  problems: readonly StreamProblem[],
  { statuses }: Sync,
): void {
  for (const { descriptor, error } of problems) {
    if (statuses.hasEnded(descriptor)) continue
    statuses.failed(descriptor)
    output.write(errorTrace(ConnectorError.ofStream(descriptor, error), Date.now()))
  }
}

function unreadOf(feeds: readonly Feed[], { statuses }: Sync): readonly Feed[] {
  return feeds.filter(
    ({ plans }) => !plans.every(({ descriptor }) => statuses.hasEnded(descriptor)),
  )
}
