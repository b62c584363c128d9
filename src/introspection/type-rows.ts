import type { SqlSession } from '../postgres/session/sql-session.ts'
import { TypeCatalog, type TypeRow } from '../types/resolve.ts'

/** The types `$1` and those they are made of: the elements of arrays, the bases of domains. */
const TYPES_SQL = `
WITH RECURSIVE reachable (oid) AS (
  SELECT wanted.oid FROM unnest($1::oid[]) AS wanted (oid)
  UNION
  SELECT related.oid
  FROM reachable
  JOIN pg_catalog.pg_type AS t ON t.oid = reachable.oid
  CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) AS related (oid)
  WHERE related.oid <> 0
)
SELECT
  t.oid,
  n.nspname::text AS schema,
  t.typname::text AS name,
  t.typtype::text AS typtype,
  t.typcategory::text AS category,
  t.typelem AS "elementOid",
  t.typdelim::text AS delimiter,
  t.typbasetype AS "baseOid",
  EXISTS (
    SELECT
    FROM pg_catalog.pg_cast AS c
    WHERE c.castsource = t.oid
      AND c.casttarget = 'pg_catalog.text'::regtype
      AND c.castmethod <> 'i' /* a function, or the stored bytes, which is not what xml prints */
  ) AS "hasTextCast",
  output_schema.nspname::text AS "outputSchema",
  output.proname::text AS "outputName"
FROM reachable
JOIN pg_catalog.pg_type AS t ON t.oid = reachable.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_proc AS output ON output.oid = t.typoutput
JOIN pg_catalog.pg_namespace AS output_schema ON output_schema.oid = output.pronamespace`

type CatalogRow = Omit<TypeRow, 'outputFunction'> & {
  readonly outputSchema: string
  readonly outputName: string
}

/** What the server knows of these types and of those they are made of. One query. */
export async function readTypes(session: SqlSession, oids: Iterable<number>): Promise<TypeCatalog> {
  const rows = await session.query<CatalogRow>(TYPES_SQL, [[...new Set(oids)]])
  return new TypeCatalog(
    rows.map(({ outputSchema, outputName, ...row }) => ({
      ...row,
      outputFunction: { schema: outputSchema, name: outputName },
    })),
  )
}
