import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** A table of a publication, as `pg_publication_tables` lists it. */
export interface PublishedTable {
  /** Null: all that are not generated. */
  readonly columns: readonly string[] | null
  /** A condition in SQL, with the table's columns unqualified; null: all rows. */
  readonly filter: string | null
}

/** A publication and what it covers. */
export interface Publication {
  readonly oid: number
  readonly isForAllTables: boolean
  readonly publishesInsert: boolean
  readonly publishesUpdate: boolean
  readonly publishesDelete: boolean
  readonly publishesTruncate: boolean
  /** Changes of partitions are shown as those of the published root. */
  readonly isViaRoot: boolean
  /** Whether a partitioned table can be published: since PostgreSQL 13; before, only its leaves. */
  readonly canPublishRoots: boolean
  /** Whether generated columns can be published: since PostgreSQL 18. Before, column lists name some that are not. */
  readonly canPublishGenerated: boolean
  /** By oid. Of a partitioned table either it, or its leaves, by `isViaRoot`. */
  readonly tables: ReadonlyMap<number, PublishedTable>
}

/** Columns that came with later versions are read by name from the row as JSON. */
const PUBLICATION_SQL = `
SELECT pg_catalog.to_jsonb(p) AS publication, p.oid, coalesce(covered.tables, '[]') AS tables
FROM pg_catalog.pg_publication AS p
CROSS JOIN LATERAL (
  SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
           'oid', c.oid,
           'columns', pg_catalog.to_jsonb(t) -> 'attnames',
           'filter', pg_catalog.to_jsonb(t) -> 'rowfilter')) AS tables
  FROM pg_catalog.pg_publication_tables AS t
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.tablename
  WHERE t.pubname = p.pubname
) AS covered
WHERE p.pubname = $1`

interface PublicationRow {
  readonly oid: number
  readonly publication: Readonly<Record<string, unknown>>
  readonly tables: readonly {
    readonly oid: string | number
    readonly columns: readonly string[] | null
    readonly filter: string | null
  }[]
}

/** Reads a publication with its tables, in one query; null if there is none of that name. */
export async function readPublication(
  session: SqlSession,
  name: string,
): Promise<Publication | null> {
  const [row] = await session.query<PublicationRow>(PUBLICATION_SQL, [name])
  if (row === undefined) return null
  const { oid, publication: flags, tables } = row
  return {
    oid,
    isForAllTables: flags['puballtables'] === true,
    publishesInsert: flags['pubinsert'] === true,
    publishesUpdate: flags['pubupdate'] === true,
    publishesDelete: flags['pubdelete'] === true,
    publishesTruncate: flags['pubtruncate'] === true,
    isViaRoot: flags['pubviaroot'] === true,
    canPublishRoots: 'pubviaroot' in flags,
    canPublishGenerated: 'pubgencols' in flags,
    tables: new Map(
      tables.map(({ oid: table, columns, filter }) => [Number(table), { columns, filter }]),
    ),
  }
}
