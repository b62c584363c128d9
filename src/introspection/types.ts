import type { SqlSession } from '../postgres/session/sql-session.ts'
import { COMPARISONS } from '../types/type-order.ts'
import { TypeResolver, type TypeRow } from '../types/type-resolver.ts'

/**
 * Builds a query of types and the types that they consist of: elements of arrays, base types of
 * domains, fields of composites, subtypes of ranges, ranges of multiranges. The operator class is
 * found like that of ORDER BY in the server: that of the type itself, or of a binary-coercible
 * type.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/backend/commands/indexcmds.c
 * (GetDefaultOpClass)
 * @param wanted a SELECT of their oids.
 */
export function typesSql(wanted: string): string {
  return `
WITH RECURSIVE parts (of, oid) AS (
  SELECT r.rngtypid, r.rngsubtype FROM pg_range AS r
  UNION ALL
  SELECT (to_jsonb(r) ->> 'rngmultitypid')::oid, r.rngtypid FROM pg_range AS r /* since PostgreSQL 14 */
), reachable (oid) AS (
  SELECT wanted.oid FROM (${wanted}) AS wanted (oid)
  UNION
  SELECT related.oid
  FROM reachable
  JOIN pg_type AS t ON t.oid = reachable.oid
  CROSS JOIN LATERAL (
    VALUES (t.typelem), (t.typbasetype)
    UNION ALL
    SELECT part.oid FROM parts AS part WHERE part.of = t.oid
    UNION ALL
    SELECT a.atttypid
    FROM pg_attribute AS a
    WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
  ) AS related (oid)
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
  coalesce((SELECT part.oid FROM parts AS part WHERE part.of = t.oid), 0) AS "partOid",
  ARRAY(
    SELECT a.atttypid
    FROM pg_attribute AS a
    WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
  ) AS "fieldOids",
  t.typsend <> 0 AS "hasSend",
  current_setting('server_version_num')::int / 10000 AS major,
  EXISTS (
    SELECT
    FROM pg_cast AS c
    WHERE c.castsource = t.oid
      AND c.casttarget = 'text'::regtype
      AND c.castmethod <> 'i' /* a function, or the stored bytes, which is not what xml prints */
  ) AS "hasTextCast",
  CASE t.oid WHEN 'pg_catalog.money'::regtype THEN scale(1::money::numeric) END AS "moneyScale",
  output_schema.nspname::text AS "outputSchema",
  output.proname::text AS "outputName",
  (
    SELECT e.extname::text
    FROM pg_depend AS d
    JOIN pg_extension AS e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_type'::regclass
      AND d.objid = t.oid
      AND d.refclassid = 'pg_extension'::regclass
      AND d.deptype = 'e' /* member */
  ) AS extension,
  CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN operators.schemas END AS "operatorSchemas",
  operators.names AS "operatorNames"
FROM reachable
CROSS JOIN LATERAL (
  SELECT * FROM pg_type WHERE pg_type.oid = reachable.oid
  OFFSET 0 /* a look-up for each: the planner expects so many types that it would prepare all of pg_type */
) AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_proc AS output ON output.oid = t.typoutput
JOIN pg_namespace AS output_schema ON output_schema.oid = output.pronamespace
LEFT JOIN LATERAL (
  SELECT class.opcfamily, class.opcintype
  FROM pg_opclass AS class
  JOIN pg_type AS input ON input.oid = class.opcintype
  WHERE class.opcmethod = (SELECT m.oid FROM pg_am AS m WHERE m.amname = 'btree')
    AND class.opcdefault
    AND (
      class.opcintype = t.oid
      OR class.opcintype = CASE
        WHEN t.typtype = 'e' THEN 'anyenum'::regtype
        WHEN t.typtype = 'r' THEN 'anyrange'::regtype
        WHEN t.typtype = 'm' THEN to_regtype('anymultirange')
        WHEN t.typtype = 'c' THEN 'record'::regtype
        WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN 'anyarray'::regtype
      END
      OR EXISTS (
        SELECT
        FROM pg_cast AS c
        WHERE c.castsource = t.oid
          AND c.casttarget = class.opcintype
          AND c.castmethod = 'b' /* the same bytes */
          AND c.castcontext = 'i' /* implicit */
      )
    )
  ORDER BY class.opcintype = t.oid DESC, input.typispreferred DESC
  LIMIT 1
) AS class ON t.typtype NOT IN ('d', 'p') /* domains have those of their base */
LEFT JOIN LATERAL (
  SELECT
    array_agg(operator_schema.nspname::text ORDER BY a.amopstrategy) AS schemas,
    array_agg(o.oprname::text ORDER BY a.amopstrategy) AS names
  FROM pg_amop AS a
  JOIN pg_operator AS o ON o.oid = a.amopopr
  JOIN pg_namespace AS operator_schema ON operator_schema.oid = o.oprnamespace
  WHERE a.amopfamily = class.opcfamily
    AND a.amoplefttype = class.opcintype
    AND a.amoprighttype = class.opcintype
    AND a.amoppurpose = 's' /* search */
    AND has_schema_privilege(operator_schema.oid, 'USAGE')
) AS operators ON true`
}

/** A row of `typesSql`. */
export type CatalogRow = Omit<TypeRow, 'outputFunction' | 'operators'> & {
  readonly outputSchema: string
  readonly outputName: string
  /**
   * Parallel lists, by strategy number; null: none, or the role may not use the schema of the type.
   */
  readonly operatorSchemas: readonly string[] | null
  readonly operatorNames: readonly string[] | null
}

/** Reads these types and the types that they consist of, in one query. */
export async function readTypes(
  session: SqlSession,
  oids: Iterable<number>,
): Promise<TypeResolver> {
  const list = [...new Set(oids)].join(', ')
  return toTypeResolver(
    await session.query<CatalogRow>(typesSql(`SELECT unnest(ARRAY[${list}]::oid[])`)),
  )
}

/** @param rows rows of `typesSql`. */
export function toTypeResolver(rows: readonly CatalogRow[]): TypeResolver {
  return new TypeResolver(rows.map(toTypeRow))
}

function toTypeRow({
  outputSchema,
  outputName,
  operatorSchemas,
  operatorNames,
  ...row
}: CatalogRow): TypeRow {
  const operators = operatorSchemas?.map((schema, index) => {
    return { schema, name: operatorNames![index]! }
  })
  const isComplete = operators?.length === COMPARISONS.length
  return {
    ...row,
    outputFunction: { schema: outputSchema, name: outputName },
    operators: isComplete ? operators : null,
  }
}
