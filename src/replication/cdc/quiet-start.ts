import { ConnectorError } from '../../errors.ts'
import { parseLsn } from '../../lsn.ts'
import { pause } from '../../postgres/connection/deadline.ts'
import type { Database } from '../../postgres/session/database.ts'
import type { RowSource } from '../../postgres/session/sql-session.ts'

/**
 * A position in the log and a transaction id. Every transaction below the id began before it was
 * read; all changes of every other transaction are after the position.
 */
export interface StartPoint {
  readonly lsn: bigint
  readonly xid: bigint
}

/** Parameters of waiting for running transactions. */
export interface QuietStartOptions {
  readonly isStandby: boolean
  /**
   * Null: waits two seconds, and then the sync starts anyway. Otherwise waits for this time, and
   * then the sync fails: rows that are read again have a higher `_ab_cdc_lsn` than the delivered
   * ones only in a snapshot that shows every older change.
   */
  readonly requiredWithinMs: number | null
}

const DEFAULT_WAIT_MS = 2000
const POLL_MS = 20

/**
 * Takes a start point and waits until the transactions below it have ended. All of them are visible
 * to a snapshot that is taken afterwards, so every change that is not is after the point. Such a
 * snapshot has an xmin of at least `xid`; otherwise a transaction has run for too long. Null on a
 * standby, which assigns no transaction ids.
 * @throws ConnectorError transient_error if quiet is required and a transaction has run for too
 * long.
 */
export async function awaitQuietStart(
  database: Database,
  { isStandby, requiredWithinMs }: QuietStartOptions,
): Promise<StartPoint | null> {
  if (isStandby) return null
  // Two statements in two transactions: an id that was assigned before the LSN is read would prove
  // nothing
  const [log] = await database.query<{ lsn: string }>(
    'SELECT pg_catalog.pg_current_wal_lsn()::pg_catalog.text AS lsn',
  )
  const [own] = await database.query<{ xid: string }>(
    'SELECT pg_catalog.txid_current()::pg_catalog.text AS xid',
  )
  const start = { lsn: parseLsn(log!.lsn), xid: BigInt(own!.xid) }
  const deadlineMs = performance.now() + (requiredWithinMs ?? DEFAULT_WAIT_MS)
  while ((await oldestRunning(database)) < start.xid) {
    if (performance.now() < deadlineMs) await pause(POLL_MS, database.signal)
    else if (requiredWithinMs === null) break
    else throw notQuiet(await findHolder(database), requiredWithinMs)
  }
  return start
}

async function oldestRunning(session: RowSource): Promise<bigint> {
  const [row] = await session.query<{ xmin: string }>(
    'SELECT pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot())::pg_catalog.text AS xmin',
  )
  return BigInt(row!.xmin)
}

/** Process ID of the oldest transaction; null: it is prepared. */
async function findHolder(session: RowSource): Promise<number | null> {
  const [row] = await session.query<{ pid: number | null }>(`
    SELECT pid FROM pg_catalog.pg_locks
    WHERE locktype OPERATOR(pg_catalog.=) 'transactionid'::pg_catalog.text
      AND mode OPERATOR(pg_catalog.=) 'ExclusiveLock'::pg_catalog.text
      AND granted
    ORDER BY pg_catalog.age(transactionid) DESC
    LIMIT 1`)
  return row?.pid ?? null
}

function notQuiet(pid: number | null, waitedMs: number): ConnectorError {
  const [holder, remedy] =
    pid === null
      ? ['a prepared transaction (pg_prepared_xacts)', 'COMMIT PREPARED or ROLLBACK PREPARED']
      : [`a transaction of process ${pid}`, `SELECT pg_terminate_backend(${pid});`]
  const message = `Streams that are read again need a snapshot without older transactions, and ${holder} has been open for ${waitedMs / 1000} s (initial_waiting_seconds). Wait until it has ended, or end it with ${remedy}, and run the sync again.`
  return new ConnectorError('transient_error', message, { isFinal: true })
}
