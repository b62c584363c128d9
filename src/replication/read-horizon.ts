import { queryRows } from '../postgres/session/sql-session.ts'
import { type Horizon, notCoveredBy } from '../state/horizon.ts'
import type { ReadContext } from './stream-feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Maximum number of listed transaction ids; above it, rows are repeated. */
const MAX_LISTED_XIDS = 5000

/**
 * Reads what is visible to the snapshot in a relation with system columns, for the next sync: the
 * transactions below its `xmin`, and later ones whose rows are already visible, which are found in
 * the rows themselves. (A list of running transactions is not sufficient, because it does not
 * contain subtransactions.)
 * @param where SQL condition that restricts the rows to search; null: all rows.
 */
export async function readHorizon(
  plan: StreamPlan,
  { transaction }: ReadContext,
  where: string | null,
): Promise<Horizon> {
  const { xmin, xmax, atMs } = transaction.snapshot
  if (xmin === xmax) return { xmin, xids: [], atMs }
  const sql = `
    SELECT DISTINCT xmin::pg_catalog.text AS xid
    FROM ${plan.from}
    WHERE ${where === null ? '' : `${where} AND `}${notCoveredBy({ xmin, xids: [] })}
    LIMIT ${MAX_LISTED_XIDS + 1}`
  const rows = await queryRows<{ xid: string }>(transaction, sql)
  return { xmin, xids: rows.length > MAX_LISTED_XIDS ? [] : rows.map(({ xid }) => xid), atMs }
}
