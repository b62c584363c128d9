import { formatLsn } from '../../../lsn.ts'
import { pause } from '../../../postgres/connection/deadline.ts'
import type { Database } from '../../../postgres/session/database.ts'
import type { Log } from '../../feed.ts'
import type { LogFollower } from './log-follower.ts'
import { readLogEnd, WRITE_LSN } from './log-end.ts'

/**
 * A commit becomes visible microseconds after it is in the log, unless it waits for a synchronous
 * standby.
 */
const TIMEOUT_MS = 2000
const FIRST_WAIT_MS = 1
const MAX_WAIT_MS = 100

/**
 * Waits until the transactions that have been read are visible; ends the log before one that stays
 * invisible.
 */
export async function awaitVisible(
  follower: LogFollower,
  database: Database,
  log: Log,
): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
    const { seen } = await readLogEnd(database, WRITE_LSN)
    follower.see(seen)
    if (!follower.hasUnseen) return
    if (performance.now() > deadlineMs) break
    await pause(waitMs, database.signal)
  }
  follower.endBeforeUnseen()
  log(
    'WARN',
    `The log is read up to ${formatLsn(follower.position)} only: the commit behind it waits for a synchronous standby. The next sync continues there. Check synchronous_standby_names.`,
  )
}
