import { queryRows, type QuerySession } from '../postgres/session/sql-session.ts'

/** A partition that contains rows itself: a table, or a foreign table. */
export interface Leaf {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'f'
  /** Whether it, or a partition above it, was attached since. */
  readonly isNew: boolean
  /** The transaction that wrote its entry in pg_class. */
  readonly xid: string
}

/** SQL conditions of a query of leaves. */
export interface LeafConditions {
  /** True for a row `i` of pg_inherits that was written since; default: none was. */
  readonly isNew?: string
  /** Restricts the leaves, rows `c` of pg_class; default: all are returned. */
  readonly where?: string
}

/**
 * Builds a query of the leaves below a relation, with qualified operators like the queries of
 * relation-files.ts. `pg_partition_tree` would lock each of them. A partition that is being
 * detached is excluded; the column for that was added in PostgreSQL 14, so it is read by name from
 * the row as JSON.
 */
function leavesSql(oid: number, { isNew = 'false', where = 'true' }: LeafConditions): string {
  return `
WITH RECURSIVE tree (oid, "isNew") AS (
  SELECT ${oid}::pg_catalog.oid, false
  UNION ALL
  SELECT i.inhrelid, tree."isNew" OR (${isNew})
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) tree.oid
  WHERE NOT coalesce(
    pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(i), 'inhdetachpending')::pg_catalog.bool, false)
)
SELECT c.oid,
       n.nspname::pg_catalog.text AS schema,
       c.relname::pg_catalog.text AS name,
       c.relkind::pg_catalog.text AS kind,
       tree."isNew",
       c.xmin::pg_catalog.text AS xid
FROM tree
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) tree.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,f}'::pg_catalog."char"[] /* table, foreign table */)
  AND (${where})
ORDER BY c.oid`
}

/**
 * Reads the leaves of a partitioned relation, at any depth, by oid: renaming a leaf or moving it to
 * another schema does not change the order, and a new leaf is last unless it existed as a table
 * before it was attached.
 */
export async function readLeaves(
  session: QuerySession,
  oid: number,
  conditions: LeafConditions = {},
): Promise<readonly Leaf[]> {
  return await queryRows<Leaf>(session, leavesSql(oid, conditions))
}
