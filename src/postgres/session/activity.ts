import type { SqlSession } from './sql-session.ts'

const ROWS_SQL = `
SELECT s.relid AS oid
FROM pg_catalog.pg_stat_all_tables AS s
WHERE s.relid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
  AND s.n_live_tup OPERATOR(pg_catalog.>=) $2::pg_catalog.int8`

/**
 * Those of the tables into which at least so many rows were written, as the server counts while it works. Unlike a
 * table's size, the counters can be read while somebody has locked it.
 */
export async function findFilledTables(
  session: SqlSession,
  oids: readonly number[],
  minRows: number,
): Promise<ReadonlySet<number>> {
  const rows = await session.query<{ oid: number }>(ROWS_SQL, [oids, minRows])
  return new Set(rows.map(({ oid }) => oid))
}
