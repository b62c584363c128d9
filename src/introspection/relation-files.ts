import type { SqlSession } from '../postgres/session/sql-session.ts'

/** The file of a relation that has pages. */
export interface RelationFile {
  readonly oid: number
  /** `pg_relation_filenode`: another number means that the rows have moved. */
  readonly filenode: number
  readonly bytes: number
  /** From the statistics; negative: they know nothing. */
  readonly rowsPerPage: number
}

/** These queries run between the reads of rows, under the search_path of the role: operators are qualified, too. */
const FILES_SQL = `
SELECT c.oid,
       pg_catalog.pg_relation_filenode(c.oid) AS filenode,
       pg_catalog.pg_relation_size(c.oid)::pg_catalog.float8 AS bytes,
       c.reltuples::pg_catalog.float8
         OPERATOR(pg_catalog./) greatest(c.relpages, 1)::pg_catalog.float8 AS "rowsPerPage"
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
  AND pg_catalog.pg_relation_filenode(c.oid) IS NOT NULL`

/** SQL for the files of relations, and of everything below them, by the relation that was asked for. */
function treesSql(oids: string): string {
  return `
WITH RECURSIVE tree (root, oid) AS (
  SELECT wanted.oid, wanted.oid FROM pg_catalog.unnest(${oids}) AS wanted (oid)
  UNION
  SELECT tree.root, i.inhrelid
  FROM tree
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) tree.oid
)
SELECT root,
       pg_catalog.string_agg(
         pg_catalog.concat(oid, ':', pg_catalog.pg_relation_filenode(oid)), ',' ORDER BY oid
       ) AS files
FROM tree
GROUP BY root`
}

/** The files of relations as they are now, whatever the snapshot; none for one that has been dropped. */
export async function readFiles(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlyMap<number, RelationFile>> {
  const files = await session.query<RelationFile>(FILES_SQL, [oids])
  return new Map(files.map((file) => [file.oid, file]))
}

interface TreeRow {
  readonly root: number
  readonly files: string
}

/** What is another text as soon as a relation, or one below it, has another file. */
export async function readFileTrees(
  session: SqlSession,
  oids: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const rows = await session.query<TreeRow>(treesSql('$1::pg_catalog.oid[]'), [oids])
  return new Map(rows.map(({ root, files }) => [root, files]))
}

/** The same of the relation that has a name now, with its oid; null if there is none. */
export async function readFileTree(session: SqlSession, name: string): Promise<TreeRow | null> {
  const named = 'ARRAY[pg_catalog.to_regclass($1)::pg_catalog.oid]'
  const [row] = await session.query<TreeRow>(treesSql(named), [name])
  return row ?? null
}
