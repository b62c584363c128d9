import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** Rules of a publication for a table. */
export interface PublicationRule {
  /** Null: it has no column list. */
  readonly listedColumns: readonly string[] | null
  /** Columns used in its row filter. */
  readonly filterColumns: readonly string[]
}

/**
 * The columns of a filter are read from its expression tree: `pg_depend` does not distinguish them
 * from those of the list, and `pg_get_expr` waits for locks. Up to PostgreSQL 14, there are neither
 * lists nor filters.
 */
const RULES_SQL = `
SELECT entry.prrelid AS oid, listed.names AS "listedColumns", coalesce(filtered.names, '{}') AS "filterColumns"
FROM pg_catalog.pg_publication AS p
JOIN pg_catalog.pg_publication_rel AS entry ON entry.prpubid = p.oid
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(entry) AS facts) AS entry_row
LEFT JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS names
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = entry.prrelid AND entry_row.facts -> 'prattrs' @> pg_catalog.to_jsonb(a.attnum)
) AS listed ON true
LEFT JOIN LATERAL (
  SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attnum) AS names
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = entry.prrelid AND a.attnum::pg_catalog.text IN (
    SELECT var[1]
    FROM pg_catalog.regexp_matches(entry_row.facts ->> 'prqual', ':varattno (\\d+)', 'g') AS found (var)
  )
) AS filtered ON true
WHERE p.pubname = $1 AND (listed.names IS NOT NULL OR filtered.names IS NOT NULL)`

interface RuleRow extends PublicationRule {
  readonly oid: number
}

/** Reads the tables with a column list or a row filter in a publication, by oid. */
export async function readPublicationRules(
  session: SqlSession,
  publication: string,
): Promise<ReadonlyMap<number, PublicationRule>> {
  const rows = await session.query<RuleRow>(RULES_SQL, [publication])
  return new Map(rows.map(({ oid, ...rule }) => [oid, rule]))
}
