import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** If a partition is read through a table above it, the policies of that table apply. */
const SECURED_SQL = `
SELECT c.oid FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)`

/** Reads which relations have row security that applies to the role. */
export async function readSecuredRelations(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await session.query<{ oid: number }>(SECURED_SQL, [oids])
  return new Set(rows.map(({ oid }) => oid))
}
