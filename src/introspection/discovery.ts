import type { CdcConfig, Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import type { Database } from '../postgres/session/database.ts'
import { ReadTransaction } from '../postgres/session/read-transaction.ts'
import type { SqlSession } from '../postgres/session/sql-session.ts'
import { readRelations } from './introspect.ts'
import { buildQueryRelation, describeQuery } from './query-stream.ts'
import type { Relation } from './relation.ts'
import { coverageOf } from './replication/coverage.ts'
import { readMembers } from './replication/members.ts'
import { readPublication } from './replication/publication.ts'
import { findScopeProblems, readSchemas } from './scope.ts'

/** What a config's scope holds for its role, and all that stands in the way. */
export interface Discovery {
  readonly relations: readonly Relation[]
  readonly problems: readonly ConnectorError[]
}

/**
 * Reads the relations of the config's scope and the columns of its `query`, in a constant number of queries.
 * @param names narrows it to relations with these names.
 */
export async function discoverRelations(
  database: Database,
  config: Config,
  names?: readonly string[],
): Promise<Discovery> {
  const scope = names === undefined ? config : { ...config, names }
  const readable = await readRelations(database, scope)
  const relations =
    config.cdc === null ? readable : await addCoverage(database, config.cdc, readable)
  const schemas = await readSchemas(database, config.table)
  const problems = findScopeProblems(config, schemas, relations)
  if (config.query === null) return { relations, problems }
  try {
    return { relations: [...relations, await readQuery(database, config, config.query)], problems }
  } catch (error) {
    const problem = ConnectorError.from(error)
    if (problem.failureType !== 'config_error') throw error
    return { relations, problems: [...problems, problem] }
  }
}

/** Adds what the log tells of each relation. */
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

async function readQuery(database: Database, config: Config, query: string): Promise<Relation> {
  await using transaction = await ReadTransaction.begin(database, config)
  return buildQueryRelation(config.schemas[0]!, await describeQuery(transaction, query))
}
