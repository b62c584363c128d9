import type { SqlSession } from '../../postgres/session/sql-session.ts'
import { ident } from '../../sql.ts'

/** A partition, and the transaction that made it one. */
export interface AttachedPartition {
  /** Oid of the partitioned table that was asked for; others may be between the two. */
  readonly root: number
  readonly schema: string
  readonly name: string
  /** 32 bits. */
  readonly xid: number
  /** Number of the command within the transaction. */
  readonly command: number
  /** Whether changes from before were published, too: as those of a table of its own. */
  readonly isPublished: boolean
}

/** The row of a partition that comes first in its file. */
export interface FirstRow {
  /** Of the transaction that wrote it, 32 bits. */
  readonly xid: number
  /** Whether it was written before the partition was attached. */
  readonly isEarlier: boolean
}

/** `age` is negative for what was written more than half of the circle of transaction ids ago. */
const PARTITIONS_SQL = `
WITH RECURSIVE tree (root, oid) AS (
  SELECT wanted.oid, wanted.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS wanted (oid)
  UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
)
SELECT tree.root, n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name,
       i.xmin::pg_catalog.text AS xid, i.cmin::pg_catalog.text AS command,
       coalesce(p.puballtables, false) OR r.oid IS NOT NULL AS "isPublished"
FROM tree
JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_publication AS p ON p.oid = $2
LEFT JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid AND r.prrelid = c.oid
WHERE age(i.xmin) BETWEEN 0 AND age($3::pg_catalog.xid)
ORDER BY c.oid`

interface PartitionRow extends Omit<AttachedPartition, 'xid' | 'command'> {
  readonly xid: string
  readonly command: string
}

/**
 * Reads the partitions below partitioned tables that were attached, or created, by a transaction from `xmin` on.
 * @param publication oid of it.
 */
export async function readAttachedPartitions(
  session: SqlSession,
  roots: readonly number[],
  { publication, xmin }: { readonly publication: number | null; readonly xmin: bigint },
): Promise<readonly AttachedPartition[]> {
  const params = [roots, publication, `${BigInt.asUintN(32, xmin)}`]
  const rows = await session.query<PartitionRow>(PARTITIONS_SQL, params)
  return rows.map((row) => ({ ...row, xid: Number(row.xid), command: Number(row.command) }))
}

/** Reads the first row of a partition; null: it has none. It is the oldest one, unless space of older ones was used again. */
export async function readFirstRow(
  session: SqlSession,
  { schema, name, xid, command }: AttachedPartition,
): Promise<FirstRow | null> {
  const [row] = await session.query<{ xid: string; isEarlier: boolean }>(
    `SELECT xmin::text AS xid,
            age(xmin) NOT BETWEEN 0 AND age($1::xid) OR (xmin = $1::xid AND cmin::text::int < $2) AS "isEarlier"
     FROM ${ident(schema, name)} LIMIT 1`,
    [`${xid}`, command],
  )
  return row === undefined ? null : { ...row, xid: Number(row.xid) }
}
