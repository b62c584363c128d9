import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** `pg_class.relreplident`: default, nothing, full, index. */
type ReplicaIdentity = 'd' | 'n' | 'f' | 'i'

/**
 * A table whose changes are those of a relation: the relation itself, or a leaf of a partitioned
 * one.
 */
export interface Member {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p' | 'f'
  readonly identity: ReplicaIdentity
  /**
   * Columns that identify an updated or deleted row; empty: the log contains none, or all columns
   * under FULL.
   */
  readonly identityKey: readonly string[]
  /** Columns that the log omits unless a publication lists them. */
  readonly generatedColumns: readonly string[]
  /** Partitioned tables above it, the nearest first. */
  readonly ancestors: readonly number[]
  /** Whether its changes are in the log: it is neither temporary nor unlogged. */
  readonly isLogged: boolean
}

/** A DEFERRABLE primary key is not a replica identity. */
const MEMBERS_SQL = `
WITH RECURSIVE tree (root, oid) AS (
  SELECT wanted.oid, wanted.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS wanted (oid)
  UNION
  SELECT tree.root, i.inhrelid
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
  WHERE c.relispartition AND (pg_catalog.to_jsonb(i) ->> 'inhdetachpending') IS DISTINCT FROM 'true'
)
SELECT tree.root, c.oid, n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name,
       c.relkind::pg_catalog.text AS kind, c.relreplident::pg_catalog.text AS identity,
       c.relpersistence = 'p' AS "isLogged",
       coalesce(key.names, '{}') AS "identityKey",
       coalesce(generated.names, '{}') AS "generatedColumns",
       coalesce(ancestor.oids, '{}') AS ancestors
FROM tree
JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY column_.position) AS names
  FROM pg_catalog.pg_index AS i
  CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[])
    WITH ORDINALITY AS column_ (attnum, position)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = column_.attnum
  WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
    AND column_.position <= i.indnkeyatts
    AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
) AS key ON true
LEFT JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS names
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''
) AS generated ON true
LEFT JOIN LATERAL (
  SELECT pg_catalog.array_agg(above.relid::pg_catalog.oid ORDER BY above.position) AS oids
  FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY AS above (relid, position)
  WHERE c.relispartition AND above.relid <> c.oid
) AS ancestor ON true
WHERE c.relkind IN ('r', 'p', 'f')
ORDER BY c.oid`

interface MemberRow extends Member {
  readonly root: number
}

/**
 * Reads the members of relations and the relations themselves, by requested relation, in one query.
 */
export async function readMembers(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlyMap<number, readonly Member[]>> {
  const rows = await session.query<MemberRow>(MEMBERS_SQL, [oids])
  const members = new Map<number, Member[]>(oids.map((oid) => [oid, []]))
  for (const { root, ...member } of rows) members.get(root)?.push(member)
  return members
}
