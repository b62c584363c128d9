import type { CdcConfig, Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import type { Database } from '../postgres/session/database.ts'
import { ReadTransaction } from '../postgres/session/read-transaction.ts'
import type { SqlSession } from '../postgres/session/sql-session.ts'
import { type RelationRow, relationStatements, toRelations } from './relations.ts'
import { type UngrantedRelations, ungrantedSql } from './missing-streams.ts'
import { buildQueryRelation, describeQuery } from './query-stream.ts'
import type { Relation } from './relation.ts'
import { coverageOf } from './replication/coverage.ts'
import { readMembers } from './replication/members.ts'
import { readPublication } from './replication/publication.ts'
import { findScopeProblems, type Schema, schemasSql, userSchemas } from './scope.ts'
import type { CatalogRow } from './types.ts'
import { findUnreadableViews, type UnreadableView } from './unreadable-views.ts'

/** Maximum number of reported views that cannot be read. */
const MAX_DESCRIBED = 20

/** Relations in a config's scope, and all problems that prevent reading. */
export interface Discovery {
  readonly relations: readonly Relation[]
  readonly problems: readonly ConnectorError[]
  /** Views that are omitted, because reading them would fail. */
  readonly unreadable: readonly UnreadableView[]
  /** Relations that are omitted, because the role lacks a privilege. */
  readonly ungranted: readonly UngrantedRelations[]
}

/**
 * Reads the relations in the config's scope and the columns of its `query`, in one snapshot and a
 * constant number of round trips.
 * @param names restricts it to relations with these names.
 */
export async function discoverRelations(
  database: Database,
  config: Config,
  names?: readonly string[],
): Promise<Discovery> {
  const scope = names === undefined ? config : { ...config, names }
  const begun = await ReadTransaction.beginWith<
    [RelationRow, CatalogRow, Schema, UngrantedRelations]
  >(database, { searchPath: 'pg_catalog' }, [
    ...relationStatements(scope),
    schemasSql(config.table),
    ungrantedSql(scope),
  ])
  await using transaction = begun.transaction
  const [relationRows, typeRows, schemaRows, ungranted] = begun.results
  const found = toRelations(relationRows, typeRows)
  const faults = config.checkPrivileges
    ? await findUnreadableViews(transaction, found)
    : new Map<number, UnreadableView>()
  const unreadable = [...faults.values()]
  const readable = found.filter(({ oid }) => !faults.has(oid))
  const relations =
    config.cdc === null ? readable : await addCoverage(transaction, config.cdc, readable)
  const problems = [
    ...findScopeProblems(config, userSchemas(schemaRows), found),
    ...(readable.length === 0 ? unreadable.map(toProblem) : []),
  ]
  if (config.query === null) return { relations, problems, unreadable, ungranted }
  try {
    const query = await readQuery(transaction, config, config.query)
    return { relations: [...relations, query], problems, unreadable, ungranted }
  } catch (error) {
    const problem = ConnectorError.from(error)
    if (problem.failureType !== 'config_error') throw error
    return { relations, problems: [...problems, problem], unreadable, ungranted }
  }
}

/** One sentence for each omitted view, up to a maximum number. */
export function describeUnreadable(unreadable: readonly UnreadableView[]): readonly string[] {
  const sentences = unreadable
    .slice(0, MAX_DESCRIBED)
    .map(({ reason }) => `${reason} The view is left out.`)
  const rest = unreadable.length - sentences.length
  return rest > 0 ? [...sentences, `${rest} more views cannot be read.`] : sentences
}

function toProblem({ reason }: UnreadableView): ConnectorError {
  return new ConnectorError('config_error', reason)
}

/** Adds how the log covers each relation. */
async function addCoverage(
  session: SqlSession,
  { publication: name }: CdcConfig,
  relations: readonly Relation[],
): Promise<readonly Relation[]> {
  const publication = await readPublication(session, name)
  const members = await readMembers(
    session,
    relations.map(({ oid }) => oid),
  )
  return relations.map((relation) => ({
    ...relation,
    log: coverageOf(relation, { name, publication }, members.get(relation.oid) ?? []),
  }))
}

/** Looks up names in the query with the same search_path as the read. */
async function readQuery(
  transaction: ReadTransaction,
  { schemas }: Config,
  query: string,
): Promise<Relation> {
  const session: SqlSession = {
    query: async (sql, params) => await transaction.query(sql, params),
    describe: async (sql) => {
      await transaction.setSearchPath(schemas)
      const fields = await transaction.describe(sql)
      await transaction.setSearchPath('pg_catalog')
      return fields
    },
  }
  return buildQueryRelation(schemas[0]!, await describeQuery(session, query))
}
