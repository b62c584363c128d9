import { textArray } from '../sql.ts'
import { type Attribute, columnBuilder } from './column.ts'
import type { Column, Relation } from './relation.ts'
import { SYSTEM_RELATIONS, isSystemSchema } from './system-names.ts'
import { type CatalogRow, toTypeResolver, typesSql } from './types.ts'

/**
 * Builds a query of the relations in a scope, each as a `RelationRow`. LATERAL makes each part an
 * index lookup, independently of the planner's estimate of the number of relations; a join with a
 * wrong estimate compares every relation with every other.
 */
function relationsSql(scope: RelationScope): string {
  const { checkPrivileges } = scope
  return `
SELECT
  c.oid,
  n.nspname::text AS schema,
  c.relname::text AS name,
  c.relkind::text AS kind,
  c.relispartition AS "isPartition",
  coalesce(attribute.names, '{}') AS "columnNames",
  coalesce(attribute.type_oids, '{}') AS "typeOids",
  coalesce(attribute.typmods, '{}') AS typmods,
  coalesce(attribute.nullable, '{}') AS "areNullable",
  coalesce(primary_key.names, '{}') AS "primaryKey",
  CASE c.relkind
    WHEN 'm' /* materialized view */ THEN privilege.can_select
    WHEN 'r' /* table */ THEN storage.has_xmin AND coalesce(member.total, 1) = 1
    WHEN 'p' /* partitioned table */ THEN
      storage.has_xmin
      AND coalesce(member.can_read, true)
      AND NOT (c.relrowsecurity AND row_security_active(c.oid))
    ELSE false
  END AS "hasSystemColumns",
  storage.has_xmin AS "hasXmin",
  /* -1 (since PostgreSQL 14) and 0 without a page (before): never analyzed */
  coalesce(member.tuples, CASE WHEN c.reltuples > 0 OR (c.reltuples = 0 AND c.relpages > 0)
                               THEN c.reltuples END)::float8 AS "estimatedRows",
  CASE WHEN c.relkind IN ('r', 'p', 'm')
       THEN coalesce(member.pages, c.relpages)::float8 * current_setting('block_size')::float8
       ELSE 0
  END AS "sizeBytes"
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  /* null when the relation has just been dropped */
  SELECT coalesce(has_table_privilege(c.oid, 'SELECT'), false) AS can_select
) AS privilege
LEFT JOIN LATERAL (
  /* What is stored below a partitioned table, or in a table and those that inherit from it */
  WITH RECURSIVE tree (oid) AS (
    SELECT c.oid
    UNION /* a table may inherit from the same ancestor twice */
    SELECT i.inhrelid
    FROM tree JOIN pg_inherits AS i ON i.inhparent = tree.oid
  )
  SELECT
    count(*) AS total,
    sum(m.reltuples) FILTER (WHERE m.reltuples > 0 OR (m.reltuples = 0 AND m.relpages > 0)) AS tuples,
    sum(m.relpages) FILTER (WHERE m.relkind = 'r') AS pages,
    /* Whether each leaf can be read by its own name and gives the same rows as its root does */
    bool_and(
      has_table_privilege(m.oid, 'SELECT')
      AND has_schema_privilege(m.relnamespace, 'USAGE')
      AND NOT (m.relrowsecurity AND row_security_active(m.oid))
      AND NOT EXISTS (
        /* The root computes its virtual columns with its own expressions */
        SELECT
        FROM pg_attribute AS a
        JOIN pg_attribute AS own ON own.attrelid = m.oid AND own.attname = a.attname
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_attrdef AS o ON o.adrelid = m.oid AND o.adnum = own.attnum
        WHERE a.attrelid = c.oid
          AND a.attgenerated = 'v'
          AND pg_get_expr(d.adbin, c.oid) IS DISTINCT FROM pg_get_expr(o.adbin, m.oid)
      )
    ) AS can_read,
    bool_and(m.relkind = 'r' AND m.relam = 2 /* heap */) AS is_heap
  FROM tree JOIN pg_class AS m ON m.oid = tree.oid
  WHERE m.relkind <> 'p'
) AS member ON c.relhassubclass
CROSS JOIN LATERAL (
  SELECT privilege.can_select
    AND c.relkind IN ('r', 'p')
    AND coalesce(member.is_heap, c.relkind = 'p' OR c.relam = 2 /* heap */) AS has_xmin
) AS storage
LEFT JOIN LATERAL (
  /* A NOT NULL constraint may be NOT VALID since PostgreSQL 18; before, none was of type 'n' */
  SELECT array_agg(n.conkey[1]) AS attnums
  FROM pg_constraint AS n
  WHERE n.conrelid = c.oid AND n.contype = 'n' AND NOT n.convalidated
) AS unproven ON true
LEFT JOIN LATERAL (
  SELECT
    array_agg(a.attname::text ORDER BY a.attnum) AS names,
    array_agg(a.atttypid ORDER BY a.attnum) AS type_oids,
    array_agg(a.atttypmod ORDER BY a.attnum) AS typmods,
    array_agg(
      NOT a.attnotnull
      OR c.relkind NOT IN ('r', 'p') /* a foreign table's constraint is only a claim */
      OR coalesce(member.total, 1) > 1 AND c.relkind = 'r' /* an inheriting table may have dropped it */
      OR a.attnum = ANY (coalesce(unproven.attnums, '{}'))
      ORDER BY a.attnum
    ) AS nullable
  FROM pg_attribute AS a
  WHERE a.attrelid = c.oid
    AND a.attnum > 0 /* no system columns */
    AND NOT a.attisdropped
    AND (NOT ${checkPrivileges} OR privilege.can_select OR has_column_privilege(c.oid, a.attnum, 'SELECT'))
) AS attribute ON true
LEFT JOIN LATERAL (
  SELECT array_agg(a.attname::text ORDER BY key.position) AS names
  FROM pg_index AS i
  CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS key (attnum, position)
  JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = key.attnum
  WHERE i.indrelid = c.oid
    AND i.indisprimary
    AND i.indisvalid /* else some partition does not have it */
    AND key.position <= i.indnkeyatts /* the rest are INCLUDE columns */
) AS primary_key ON true
WHERE ${isInScope(scope)}
  AND (
    NOT ${checkPrivileges}
    OR has_schema_privilege(n.oid, 'USAGE') AND (privilege.can_select OR attribute.names IS NOT NULL)
  )
ORDER BY n.nspname, c.relname`
}

/** Builds a query of the types of all columns in a scope. */
function columnTypesSql(scope: RelationScope): string {
  return typesSql(`
    SELECT a.atttypid
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE ${isInScope(scope)}`)
}

/** Builds a condition for the relation `c` in the schema `n`. */
export function isInScope({ schemas, table, names }: RelationScope): string {
  const wanted = schemas.filter((schema) => !isSystemSchema(schema))
  const only = table === null ? names : [table]
  return `n.nspname = ANY (${textArray(wanted)})
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND ${only === undefined ? 'true' : `c.relname = ANY (${textArray(only)})`}
  AND c.relname <> ALL (${textArray(SYSTEM_RELATIONS)})
  AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) /* a standby has no unlogged tables */`
}

/** A row of `relationsSql`. The lists of column properties are parallel, in `attnum` order. */
export interface RelationRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f'
  readonly isPartition: boolean
  readonly columnNames: readonly string[]
  readonly typeOids: readonly number[]
  readonly typmods: readonly number[]
  readonly areNullable: readonly boolean[]
  /** The whole key, including columns that the role may not read. */
  readonly primaryKey: readonly string[]
  readonly hasSystemColumns: boolean
  readonly hasXmin: boolean
  readonly estimatedRows: number | null
  readonly sizeBytes: number
}

/** Scope of discovery; a config is one. */
export interface RelationScope {
  readonly schemas: readonly string[]
  /** The only relation name to find in these schemas; null: all. */
  readonly table: string | null
  /** Only these names, from a catalog; absent: all. */
  readonly names?: readonly string[]
  /** Whether columns and relations that the role may not read are left out. */
  readonly checkPrivileges: boolean
}

/** Statements whose rows are passed to `toRelations`. */
export function relationStatements(scope: RelationScope): readonly [string, string] {
  return [relationsSql(scope), columnTypesSql(scope)]
}

/**
 * Returns the relations of the scope that this role may read, by schema and name. They include a
 * table without columns, but not a relation whose columns are all unreadable.
 */
export function toRelations(
  rows: readonly RelationRow[],
  types: readonly CatalogRow[],
): readonly Relation[] {
  const buildColumn = columnBuilder(toTypeResolver(types))
  return rows.map((row) => toRelation(row, buildColumn))
}

function toRelation(row: RelationRow, buildColumn: (attribute: Attribute) => Column): Relation {
  const columns = attributesOf(row).map(buildColumn)
  const isWholeKey = row.primaryKey.every((name) => row.columnNames.includes(name))
  const { oid, schema, name, kind, isPartition } = row
  const { hasSystemColumns, hasXmin, estimatedRows, sizeBytes } = row
  const primaryKey = isWholeKey ? row.primaryKey : []
  const facts = { oid, schema, name, kind, isPartition, columns, primaryKey }
  return { ...facts, hasSystemColumns, hasXmin, estimatedRows, sizeBytes }
}

function attributesOf({ columnNames, typeOids, typmods, areNullable }: RelationRow): Attribute[] {
  return columnNames.map((name, index) => {
    const typeOid = typeOids[index]
    const typmod = typmods[index]
    const isNullable = areNullable[index]
    if (typeOid === undefined || typmod === undefined || isNullable === undefined) {
      throw new Error(`Column ${index} has no type`)
    }
    return { name, typeOid, typmod, isNullable }
  })
}
