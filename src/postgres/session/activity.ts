import type { SqlSession } from './sql-session.ts'

/** Other backends of the role whose snapshot may be that of a given transaction. */
const READERS_SQL = `
SELECT pg_catalog.count(*)::pg_catalog.int4 AS readers
FROM pg_catalog.pg_stat_activity AS holder
JOIN pg_catalog.pg_stat_activity AS reader
  ON reader.backend_xmin OPERATOR(pg_catalog.=) holder.backend_xmin
  AND reader.usesysid OPERATOR(pg_catalog.=) holder.usesysid
  AND reader.pid OPERATOR(pg_catalog.<>) holder.pid
WHERE holder.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()`

const ROWS_SQL = `
SELECT s.relid AS oid
FROM pg_catalog.pg_stat_all_tables AS s
WHERE s.relid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
  AND s.n_live_tup OPERATOR(pg_catalog.>=) $2::pg_catalog.int8`

/**
 * Finds tables into which at least this many rows were written, according to the cumulative
 * statistics. Unlike the size of a table, they can be read while the table is locked.
 */
export async function findFilledTables(
  session: SqlSession,
  oids: readonly number[],
  minRows: number,
): Promise<ReadonlySet<number>> {
  const rows = await session.query<{ oid: number }>(ROWS_SQL, [oids, minRows])
  return new Set(rows.map(({ oid }) => oid))
}

/**
 * Counts the other backends of the role that read in the snapshot of a transaction. It counts those
 * with the same oldest transaction, so it may count others, too.
 */
export async function countSnapshotReaders(transaction: SqlSession): Promise<number> {
  // The view does not change within a transaction unless the statistics are cleared
  await transaction.query('SELECT pg_catalog.pg_stat_clear_snapshot()')
  const [row] = await transaction.query<{ readers: number }>(READERS_SQL)
  return row!.readers
}
