import { ConnectorError, errorCode } from '../../errors.ts'
import type { SqlSession } from '../../postgres/session/sql-session.ts'
import { ident } from '../../sql.ts'
import { LOCK_NOT_AVAILABLE } from '../../sql-state.ts'

/** A table of a publication, from `pg_publication_tables`. */
export interface PublishedTable {
  /** Null: all columns that are not generated. */
  readonly columns: readonly string[] | null
  /** A condition in SQL, with unqualified columns; null: all rows. */
  readonly filter: string | null
}

/** Properties of a publication, without its tables. */
export interface PublicationFacts {
  readonly oid: number
  readonly isForAllTables: boolean
  readonly publishesInsert: boolean
  readonly publishesUpdate: boolean
  readonly publishesDelete: boolean
  readonly publishesTruncate: boolean
  /** Whether changes of partitions are published as changes of the root. */
  readonly isViaRoot: boolean
  /**
   * Whether a partitioned table can be published: since PostgreSQL 13. In earlier versions, only
   * its leaves can.
   */
  readonly canPublishRoots: boolean
  /**
   * Whether generated columns can be published: since PostgreSQL 18. In earlier versions, column
   * lists may contain generated columns that are not published.
   */
  readonly canPublishGenerated: boolean
}

/** A publication with its tables. */
export interface Publication extends PublicationFacts {
  /** By oid. For a partitioned table, either the table or its leaves, depending on `isViaRoot`. */
  readonly tables: ReadonlyMap<number, PublishedTable>
}

/** Columns of later versions are read by name from the row as JSON. */
const PUBLICATION_SQL = `
SELECT pg_catalog.to_jsonb(p) AS publication, p.oid FROM pg_catalog.pg_publication AS p WHERE p.pubname = $1`

const TABLES_SQL = `
SELECT c.oid, pg_catalog.to_jsonb(t) -> 'attnames' AS columns, pg_catalog.to_jsonb(t) ->> 'rowfilter' AS filter
FROM pg_catalog.pg_publication_tables AS t
JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.tablename
WHERE t.pubname = $1`

/** A session that waits for such a lock also blocks those that wait behind it. */
const LOCKED_SQL = `
SELECT DISTINCT n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS name,
       l.pid AS "processId", a.application_name AS application, l.granted AS "isGranted"
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_database AS d ON d.oid = l.database
WHERE d.datname = pg_catalog.current_database() AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
ORDER BY schema, name
LIMIT 10`

const LOCK_TIMEOUT_S = 15

/** An ACCESS EXCLUSIVE lock of a table. */
interface TableLock {
  readonly schema: string
  readonly name: string
  /** Null: a prepared transaction has it. */
  readonly processId: number | null
  /** Null: the role may not see it. */
  readonly application: string | null
  readonly isGranted: boolean
}

interface PublicationRow {
  readonly oid: number
  readonly publication: Readonly<Record<string, unknown>>
}

interface TableRow extends PublishedTable {
  readonly oid: number
}

/** Reads a publication without its tables; null if it does not exist. Waits for no lock. */
export async function readPublicationFacts(
  session: SqlSession,
  name: string,
): Promise<PublicationFacts | null> {
  const [row] = await session.query<PublicationRow>(PUBLICATION_SQL, [name])
  if (row === undefined) return null
  const { oid, publication: flags } = row
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
  }
}

/**
 * Reads a publication with its tables; null if it does not exist. `session` must be in a
 * transaction. From PostgreSQL 15 on, the server opens tables for this: those with row filters, and
 * from 16 on those without column lists.
 * @throws ConnectorError transient_error if one of them stays locked.
 */
export async function readPublication(
  session: SqlSession,
  name: string,
): Promise<Publication | null> {
  const facts = await readPublicationFacts(session, name)
  if (facts === null) return null
  await session.query('SAVEPOINT publication')
  await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT_S}s'`)
  try {
    const rows = await session.query<TableRow>(TABLES_SQL, [name])
    await session.query('RELEASE SAVEPOINT publication')
    const tables = rows.map(({ oid, columns, filter }) => [oid, { columns, filter }] as const)
    return { ...facts, tables: new Map(tables) }
  } catch (error) {
    if (errorCode(error) !== LOCK_NOT_AVAILABLE) throw error
    await session.query('ROLLBACK TO SAVEPOINT publication')
    const locks = await session.query<TableLock>(LOCKED_SQL)
    throw lockedError(name, locks.map(describeLock), error)
  }
}

/** `"public"."t" (process 7, psql, which waits for it)` */
function describeLock({ schema, name, processId, application, isGranted }: TableLock): string {
  const holder = processId === null ? 'a prepared transaction' : `process ${processId}`
  const program = application === null || application === '' ? '' : `, ${application}`
  return `${ident(schema, name)} (${holder}${program}${isGranted ? '' : ', which waits for it'})`
}

function lockedError(name: string, tables: readonly string[], cause: unknown): ConnectorError {
  const which = tables.length === 0 ? '' : `: ${tables.join(', ')}`
  const message = `The tables of publication ${ident(name)} cannot be listed: one of them was locked for ${LOCK_TIMEOUT_S} s, as ALTER TABLE, TRUNCATE and VACUUM FULL do, or such a statement waits for its lock${which}. Run it again after that has ended.`
  return new ConnectorError('transient_error', message, { cause })
}
