import { resultWithin } from '../../../postgres/connection/deadline.ts'
import type { Database } from '../../../postgres/session/database.ts'

/** Wait event of a walsender whose slot has the option failover; since PostgreSQL 17. */
const STANDBY_WAIT = 'WaitForStandbyConfirmation'
const MAX_WAIT_MS = 2000

/**
 * Whether a walsender waits for a standby of `synchronized_standby_slots`: it sends nothing that
 * the standby has not received. Never fails.
 */
export async function waitsForStandby(database: Database, processId: number): Promise<boolean> {
  const rows = database.query<{ event: string | null }>(
    `SELECT a.wait_event AS event FROM pg_catalog.pg_stat_activity AS a WHERE a.pid OPERATOR(pg_catalog.=) ${processId}`,
  )
  const [row] = await resultWithin(rows, MAX_WAIT_MS, [])
  return row?.event === STANDBY_WAIT
}
