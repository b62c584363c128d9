import type { SqlSession } from '../postgres/session/sql-session.ts'

/** A partition that holds rows itself: a table, or a foreign table. */
export interface Leaf {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'f'
}

/**
 * The leaves below `$1`. `pg_partition_tree` would lock each of them. A partition that is being detached is none:
 * its column is new in PostgreSQL 14, so it is read by name from the row as JSON.
 */
const LEAVES_SQL = `
WITH RECURSIVE tree (oid) AS (
  SELECT $1::oid
  UNION ALL
  SELECT i.inhrelid
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
  WHERE (to_jsonb(i) ->> 'inhdetachpending') IS DISTINCT FROM 'true'
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM tree
JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r' /* table */, 'f' /* foreign table */)
ORDER BY c.oid`

/**
 * The leaves of a partitioned relation, at whatever depth, by oid: the order stays when one is renamed or moved to
 * another schema, and a new one comes last unless it was a table of its own before it was attached.
 */
export async function readLeaves(session: SqlSession, oid: number): Promise<readonly Leaf[]> {
  return await session.query<Leaf>(LEAVES_SQL, [oid])
}
