import type { SqlSession } from '../../postgres/session/sql-session.ts'
import { ident } from '../../sql.ts'

/** A partition, and the transaction that attached it. */
export interface AttachedPartition {
  /** Oid of the requested partitioned table; others may be between the two. */
  readonly root: number
  readonly schema: string
  readonly name: string
  /** 32-bit id. */
  readonly xid: number
  /** Number of the command within the transaction. */
  readonly command: number
  /** Whether earlier changes were published, too, as those of a separate table. */
  readonly isPublished: boolean
}

/** The first row in the file of a partition. */
export interface FirstRow {
  /** 32-bit id of the transaction that wrote it. */
  readonly xid: number
  /** Whether it was written before the partition was attached. */
  readonly isEarlier: boolean
}

/** `age` is negative for rows that were written more than 2^31 transaction ids ago. */
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
 * Reads the partitions below partitioned tables that were attached, or created, by a transaction
 * from `xmin` on.
 * @param publication its oid.
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

/**
 * Reads the first row of a partition; null: it is empty. It is the oldest row, unless the space of
 * older ones was reused.
 */
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
