import { queryRows } from '../postgres/session/sql-session.ts'
import { type Horizon, notCoveredBy } from '../state/horizon.ts'
import type { ReadContext } from './stream-feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Above this number of transaction ids, their rows are repeated rather than listed. */
const MAX_LISTED_XIDS = 5000

/**
 * What the snapshot sees of a relation with system columns, for the next sync: the transactions below its `xmin`, and
 * those from there on whose rows are visible already, found in the rows themselves. (A list of running transactions
 * would not do: it does not name subtransactions.)
 * @param where SQL that narrows where to look for them; null: everywhere.
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
