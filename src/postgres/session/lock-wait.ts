import { resultWithin } from '../connection/deadline.ts'
import type { Database } from './database.ts'

const lockSql = (processIds: readonly number[]): string => `
SELECT pg_catalog.concat(a.wait_event_type, ': ', a.wait_event) AS wait
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid OPERATOR(pg_catalog.=) ANY ('{${processIds.join()}}'::pg_catalog.int4[])
  AND a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'`

/**
 * Returns the lock for which one of the backends waits, such as `Lock: relation`; null: none, or no
 * connection is free. Never rejects.
 */
export async function readLockWait(
  database: Database,
  processIds: readonly number[],
  timeoutMs: number,
): Promise<string | null> {
  const { idle, size, max } = database.figures()
  if (idle === 0 && size >= max) return null
  const rows = database.query<{ wait: string }>(lockSql(processIds))
  const [row] = await resultWithin(rows, timeoutMs, [])
  return row?.wait ?? null
}
