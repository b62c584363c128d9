import { ConnectorError, isTransient, ReportedError } from '../errors.ts'
import { pause } from '../postgres/connection/deadline.ts'
import { OutputClosedError } from '../protocol/output.ts'
import type { Feed } from '../replication/feed.ts'
import { log, type Run } from '../run-context.ts'
import { readFeeds } from './attempt.ts'
import { openSync, type Sync, type SyncParts } from './sync.ts'

const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 30_000

/**
 * Provides the feeds of the first attempt, and those of later attempts from the current database.
 */
export interface FeedSource {
  readonly feeds: readonly Feed[]
  readonly renew: () => Promise<readonly Feed[]>
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
      const feeds = unreadOf(isFirst ? source.feeds : await source.renew(), sync)
      await readFeeds(run, feeds, sync)
      if (unreadOf(feeds, sync).length === 0) return
    } catch (error) {
      if (!isTransient(error) || run.signal.aborted || error instanceof OutputClosedError)
        throw error
      failures = states.emitted > emitted ? 1 : failures + 1
      if (failures > maxRetries) throw exhausted(error, maxRetries)
      await waitForRetry(run, { error, failures, maxRetries })
    }
  }
}

function unreadOf(feeds: readonly Feed[], { statuses }: Sync): readonly Feed[] {
  return feeds.filter(
    ({ plans }) => !plans.every(({ descriptor }) => statuses.hasEnded(descriptor)),
  )
}

interface Failure {
  readonly error: unknown
  readonly failures: number
  readonly maxRetries: number
}

async function waitForRetry(run: Run, { error, failures, maxRetries }: Failure): Promise<void> {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS)
  const jitteredMs = Math.round(delayMs * (0.5 + Math.random() / 2))
  const { message } = ConnectorError.from(error)
  const next = `Retry ${failures} of ${maxRetries} in ${jitteredMs} ms, from the last state.`
  log(run, 'WARN', `The read was interrupted. ${message} ${next}`)
  await run.output.flush()
  await pause(jitteredMs, run.signal)
}

function exhausted(error: unknown, maxRetries: number): ConnectorError {
  const { message } = ConnectorError.from(error)
  const times = maxRetries === 1 ? 'once' : `${maxRetries} times`
  const tried = maxRetries === 0 ? '' : ` It was tried again ${times} (max_retries).`
  return new ConnectorError('transient_error', `${message}${tried}`, { cause: error })
}
