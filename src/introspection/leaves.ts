import type { SqlSession } from '../postgres/session/sql-session.ts'

/** A partition that holds rows itself: a table, or a foreign table. */
export interface Leaf {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'f'
}

/**
 * The leaves below `$1`, with qualified operators like the queries of relation-files.ts. `pg_partition_tree` would lock
 * each of them. A partition that is being detached is none: its column is new in PostgreSQL 14, so it is read by name
 * from the row as JSON.
 */
const LEAVES_SQL = `
WITH RECURSIVE tree (oid) AS (
  SELECT $1::pg_catalog.oid
  UNION ALL
  SELECT i.inhrelid
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) tree.oid
  WHERE NOT coalesce(
    pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(i), 'inhdetachpending')::pg_catalog.bool, false)
)
SELECT c.oid,
       n.nspname::pg_catalog.text AS schema,
       c.relname::pg_catalog.text AS name,
       c.relkind::pg_catalog.text AS kind
FROM tree
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) tree.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,f}'::pg_catalog."char"[] /* table, foreign table */)
ORDER BY c.oid`

/**
 * The leaves of a partitioned relation, at whatever depth, by oid: the order stays when one is renamed or moved to
 * another schema, and a new one comes last unless it was a table of its own before it was attached.
 */
export async function readLeaves(session: SqlSession, oid: number): Promise<readonly Leaf[]> {
  return await session.query<Leaf>(LEAVES_SQL, [oid])
}
