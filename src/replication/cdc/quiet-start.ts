import { setTimeout as sleep } from 'node:timers/promises'
import { parseLsn } from '../../lsn.ts'
import type { SqlSession } from '../../postgres/session/sql-session.ts'

/**
 * A point of the log and a transaction id: every transaction below the id has begun before, every other one has all of
 * its changes above the point.
 */
export interface StartPoint {
  readonly lsn: bigint
  readonly xid: bigint
}

/** How long running transactions are waited for. */
const PATIENCE_MS = 2000
const POLL_MS = 20

/**
 * Takes a start point and waits until the transactions below it have ended. A snapshot that is taken then sees all of
 * them, so that what it does not show is above the point. Such a snapshot has an xmin of at least `xid`; if one does
 * not, a transaction has run for too long. Null on a standby, which assigns no transaction ids.
 */
export async function awaitQuietStart(
  session: SqlSession,
  isStandby: boolean,
): Promise<StartPoint | null> {
  if (isStandby) return null
  // Two statements, and two transactions: an id that is assigned before the LSN is read would prove nothing
  const [log] = await session.query<{ lsn: string }>(
    'SELECT pg_catalog.pg_current_wal_lsn()::pg_catalog.text AS lsn',
  )
  const [own] = await session.query<{ xid: string }>(
    'SELECT pg_catalog.txid_current()::pg_catalog.text AS xid',
  )
  const start = { lsn: parseLsn(log!.lsn), xid: BigInt(own!.xid) }
  const deadlineMs = performance.now() + PATIENCE_MS
  while (performance.now() < deadlineMs && (await oldestRunning(session)) < start.xid) {
    await sleep(POLL_MS)
  }
  return start
}

async function oldestRunning(session: SqlSession): Promise<bigint> {
  const [row] = await session.query<{ xmin: string }>(
    'SELECT pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot())::pg_catalog.text AS xmin',
  )
  return BigInt(row!.xmin)
}
