import type { SqlSession } from '../../postgres/session/sql-session.ts'
import type { Relation } from '../relation.ts'

/** First major version with FOR TABLES IN SCHEMA. */
const MAJOR_WITH_SCHEMAS = 15

/**
 * Reads the oids of the entries by which a publication covers relations, the newest first; none if
 * it is FOR ALL TABLES. An entry that is dropped and added again, or whose row filter or column
 * list changes, has another oid.
 */
export async function readPublicationEntries(
  session: SqlSession,
  major: number,
  { publication, relations }: { publication: number; relations: readonly Relation[] },
): Promise<readonly (readonly number[])[]> {
  const sources = relations.flatMap(({ log }, index) =>
    (log?.sources ?? []).map((oid) => ({ index, oid })),
  )
  const rows = await session.query<{ index: number; oids: readonly number[] }>(entriesSql(major), [
    sources.map(({ index }) => index),
    sources.map(({ oid }) => oid),
    publication,
  ])
  const byIndex = new Map(rows.map(({ index, oids }) => [index, oids]))
  return relations.map((_, index) => byIndex.get(index) ?? [])
}

/** A partition is also covered by the entries of the tables above it. */
function entriesSql(major: number): string {
  const schemas = `
    UNION ALL
    SELECT n.oid
    FROM pg_catalog.pg_publication_namespace AS n
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.pnnspid
    WHERE n.pnpubid = $3 AND c.oid = covering.oid`
  return `
SELECT source.index, pg_catalog.array_agg(DISTINCT entry.oid ORDER BY entry.oid DESC) AS oids
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.oid[]))
  AS source (index, oid)
CROSS JOIN LATERAL (
  SELECT source.oid
  UNION
  SELECT above.relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(source.oid) AS above (relid)
) AS covering (oid)
CROSS JOIN LATERAL (
    SELECT r.oid
    FROM pg_catalog.pg_publication_rel AS r
    WHERE r.prpubid = $3 AND r.prrelid = covering.oid${major >= MAJOR_WITH_SCHEMAS ? schemas : ''}
) AS entry (oid)
GROUP BY source.index`
}
