import { queryRows, type QuerySession, type SqlSession } from '../postgres/session/sql-session.ts'
import { ident, literal, lockSql } from '../sql.ts'

/** A locked relation, whose files do not change until the transaction ends. */
export interface LockedRelation {
  readonly oid: number
  /**
   * `pg_relation_filenode`. If it has changed, the rows have moved. Null: the relation has no pages
   * of its own.
   */
  readonly filenode: number | null
  readonly bytes: number
  /** From the statistics; negative: there are none. */
  readonly rowsPerPage: number
  /** Changes when the relation, or one that its rows come from, has another file. */
  readonly files: string
  /** Current types of the columns that were named; they can be newer than the snapshot. */
  readonly typeOids: readonly number[]
}

/** A relation to lock. */
export interface LockTarget {
  /** Its name as an item of a FROM list. */
  readonly from: string
  /** Its name without `ONLY`. */
  readonly name: string
  /** Names of columns whose types are of interest. */
  readonly columns: readonly string[]
}

/**
 * Builds a query of the files of relations and of everything below them: partitions, tables that
 * inherit from them, the relations of a view. A materialized view is left out, because REFRESH
 * writes rows that are visible to every snapshot. These queries run between reads of rows, with the
 * search_path of the role, so operators are qualified, too.
 */
function treesSql(oids: string): string {
  return `
WITH RECURSIVE tree (root, oid) AS (
  SELECT wanted.oid, wanted.oid FROM pg_catalog.unnest(${oids}) AS wanted (oid)
  UNION
  SELECT tree.root, below.oid
  FROM tree
  CROSS JOIN LATERAL (
    SELECT i.inhrelid
    FROM pg_catalog.pg_inherits AS i
    WHERE i.inhparent OPERATOR(pg_catalog.=) tree.oid
    UNION ALL
    SELECT d.refobjid
    FROM pg_catalog.pg_rewrite AS r
    JOIN pg_catalog.pg_depend AS d
      ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid
      AND d.objid OPERATOR(pg_catalog.=) r.oid
      AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
    WHERE r.ev_class OPERATOR(pg_catalog.=) tree.oid
      AND r.ev_type OPERATOR(pg_catalog.=) '1'::pg_catalog."char" /* SELECT */
  ) AS below (oid)
  JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) below.oid
  WHERE c.relkind OPERATOR(pg_catalog.<>) 'm'::pg_catalog."char" /* materialized view */
)
SELECT root,
       pg_catalog.string_agg(
         pg_catalog.concat(oid, ':', pg_catalog.pg_relation_filenode(oid)), ',' ORDER BY oid
       ) AS files
FROM tree
GROUP BY root`
}

/** Builds a query of the relation that currently has a name; it returns no row if there is none. */
function lockedSql({ from, name, columns }: LockTarget): string {
  const oids = `ARRAY[pg_catalog.to_regclass(${literal(name)})::pg_catalog.oid]`
  return `
SELECT c.oid,
       pg_catalog.pg_relation_filenode(c.oid) AS filenode,
       coalesce(pg_catalog.pg_relation_size(c.oid), 0)::pg_catalog.float8 AS bytes,
       c.reltuples::pg_catalog.float8
         OPERATOR(pg_catalog./) greatest(c.relpages, 1)::pg_catalog.float8 AS "rowsPerPage",
       tree.files,
       ${currentTypesSql(from, columns)} AS "typeOids"
FROM (${treesSql(oids)}) AS tree
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) tree.root`
}

/**
 * Builds an expression of the types with which a statement of this transaction reads columns. The
 * catalogs would show those of the snapshot.
 */
function currentTypesSql(from: string, columns: readonly string[]): string {
  if (columns.length === 0) return 'ARRAY[]::pg_catalog.oid[]'
  const types = columns.map((name) => `pg_catalog.pg_typeof(${ident(name)})`).join(', ')
  return `(
         SELECT ARRAY[${types}]::pg_catalog.oid[]
         FROM (SELECT) AS one_row LEFT JOIN ${from} ON false
       )`
}

/**
 * Reads the current types of columns of an item of a FROM list, and locks its relations. Domains are
 * replaced by their base types, as in the description of a statement. A type that is newer than the
 * snapshot is omitted.
 */
export async function readColumnTypes(
  session: QuerySession,
  from: string,
  columns: readonly string[],
): Promise<readonly number[]> {
  const sql = `
WITH RECURSIVE types (position, oid) AS (
  SELECT position, oid
  FROM pg_catalog.unnest(${currentTypesSql(from, columns)}) WITH ORDINALITY AS current (oid, position)
  UNION ALL
  SELECT types.position, t.typbasetype
  FROM types
  JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) types.oid
  WHERE t.typtype OPERATOR(pg_catalog.=) 'd'::pg_catalog."char" /* domain */
)
SELECT types.oid
FROM types
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) types.oid
WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'::pg_catalog."char"
ORDER BY types.position`
  const rows = await queryRows<Pick<LockedRelation, 'oid'>>(session, sql)
  return rows.map(({ oid }) => oid)
}

interface TreeRow {
  readonly root: number
  readonly files: string
}

/** Reads the `files` of relations that are not locked, by oid. */
export async function readFileTrees(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const rows = await session.query<TreeRow>(treesSql('$1::pg_catalog.oid[]'), [oids])
  return new Map(rows.map(({ root, files }) => [root, files]))
}

/** Whether a relation has the same file in both `files`. */
export function isSameFile(oid: number, before: string, files: string): boolean {
  const fileIn = (text: string): string | undefined =>
    text.split(',').find((file) => file.startsWith(`${oid}:`))
  return fileIn(before) !== undefined && fileIn(before) === fileIn(files)
}

/**
 * Locks the relations and their indexes, so that they cannot be rewritten or dropped until the
 * transaction ends.
 * @returns undefined for a target without a relation in the snapshot.
 */
export async function lockRelations(
  session: QuerySession,
  targets: readonly LockTarget[],
): Promise<readonly (LockedRelation | undefined)[]> {
  const locks = targets.map(({ from }) => lockSql(from))
  const files = targets.map(lockedSql)
  const results = await session.queryAll<LockedRelation>([...locks, ...files])
  return results.slice(targets.length).map(([row]) => row)
}
