import { parseLsn } from '../../../lsn.ts'
import type { RowSource } from '../../../postgres/session/sql-session.ts'
import { SnapshotFilter } from '../snapshot-filter.ts'

/** End of the written log. */
export const WRITE_LSN = 'pg_current_wal_lsn'
/**
 * End of the inserted log. It is later with asynchronous commits, which are visible before they are
 * written.
 */
export const INSERT_LSN = 'pg_current_wal_insert_lsn'

/** End of the log, and the transactions that a snapshot at that time shows. */
export interface LogEnd {
  readonly lsn: bigint
  readonly seen: SnapshotFilter
}

/** @param position function for a primary; for a standby, it is the end of the replayed log. */
export async function readLogEnd(
  session: RowSource,
  position: typeof WRITE_LSN | typeof INSERT_LSN,
): Promise<LogEnd> {
  const [row] = await session.query<{ lsn: string; snapshot: string }>(`
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
                THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.${position}()
           END::pg_catalog.text AS lsn,
           pg_catalog.txid_current_snapshot()::pg_catalog.text AS snapshot`)
  return { lsn: parseLsn(row!.lsn), seen: new SnapshotFilter(row!.snapshot) }
}
