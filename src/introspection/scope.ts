import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import { ident, literal, textArray } from '../sql.ts'
import { QUERY_STREAM_NAME } from './query-stream.ts'
import type { Relation } from './relation.ts'
import { SYSTEM_RELATIONS, isSystemSchema } from './system-names.ts'

/** Scope of a config, and the role that reads it. */
export type DiscoveryScope = Pick<Config, 'database' | 'username' | 'schemas' | 'table' | 'query'>

/** A schema of the database, whether or not the role may use it. */
export interface Schema {
  readonly name: string
  readonly hasUsage: boolean
  /**
   * Number of relations with the scope's `table` name, or of all; includes those that the role may
   * not read.
   */
  readonly relationCount: number
}

/** Maximum number of names in a message. */
const MAX_LISTED_NAMES = 20

/**
 * Builds a query of all schemas that users can create, with the number of relations with this name,
 * or of all.
 */
export function schemasSql(table: string | null): string {
  return `
SELECT
  n.nspname::text AS name,
  coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS "hasUsage",
  count(c.oid)::int4 AS "relationCount"
FROM pg_namespace AS n
LEFT JOIN pg_class AS c
  ON c.relnamespace = n.oid
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND ${table === null ? 'true' : `c.relname = ${literal(table)}`}
  AND c.relname <> ALL (${textArray(SYSTEM_RELATIONS)})
GROUP BY n.oid, n.nspname
ORDER BY n.nspname`
}

/** Returns the schemas in the rows of `schemasSql` that are not system schemas. */
export function userSchemas(rows: readonly Schema[]): readonly Schema[] {
  return rows.filter(({ name }) => !isSystemSchema(name))
}

/**
 * Finds problems of the scope, each as a config_error: a schema or table that does not exist, no
 * readable relation, a relation with the name of the query's stream.
 * @param schemas result of `userSchemas` for the scope's `table`.
 * @param relations result of `readRelations` for the scope, without that of the query.
 */
export function findScopeProblems(
  scope: DiscoveryScope,
  schemas: readonly Schema[],
  relations: readonly Relation[],
): ConnectorError[] {
  const problems = [
    ...findUnknownSchemas(scope, schemas),
    ...findNothing(scope, schemas, relations),
    ...findQueryNameClash(scope, relations),
  ]
  return problems.map((message) => new ConnectorError('config_error', message))
}

function findUnknownSchemas(scope: DiscoveryScope, schemas: readonly Schema[]): string[] {
  const system = scope.schemas.filter(isSystemSchema)
  const existing = new Set(schemas.map(({ name }) => name))
  const unknown = scope.schemas.filter((name) => !isSystemSchema(name) && !existing.has(name))
  const visible = namesOf(schemas.filter(({ hasUsage }) => hasUsage))
  const problems: string[] = []
  if (unknown.length > 0) {
    const verb = unknown.length === 1 ? 'does' : 'do'
    problems.push(
      `The ${schemaList(unknown)} ${verb} not exist in database '${scope.database}'. ` +
        `User '${scope.username}' has access to: ${listNames(visible) || 'none'}. Names are case sensitive.`,
    )
  }
  if (system.length > 0) {
    problems.push(
      `The system's own ${schemaList(system)} cannot be synced. Choose other 'schemas'.`,
    )
  }
  return problems
}

/** Returns nothing if no configured schema exists, because that is reported as the problem. */
function findNothing(
  scope: DiscoveryScope,
  schemas: readonly Schema[],
  relations: readonly Relation[],
): string[] {
  const configured = schemas.filter(({ name }) => scope.schemas.includes(name))
  if (relations.length > 0 || configured.length === 0) return []
  const holders = configured.filter(({ relationCount }) => relationCount > 0)
  const { database, username, table, query } = scope
  if (table !== null) {
    if (holders.length === 0) {
      const places = scope.schemas.join(', ')
      const advice =
        elsewhere(schemas, 'it') ?? "Check 'table' and 'schemas'; names are case sensitive."
      return [`Table not found: ${table} in schema ${places}. ${advice}`]
    }
    const place = `table '${table}' in ${schemaList(namesOf(holders))}`
    const tables = holders.map(({ name }) => ident(name, table))
    return [
      `User '${username}' may not read ${place}. Run ${missingGrants(username, holders, tables)}.`,
    ]
  }
  if (query !== null) return []
  const place = `the ${schemaList(namesOf(configured))} of database '${database}'`
  const reason =
    holders.length === 0
      ? `There are no tables or views. ${elsewhere(schemas, 'some') ?? "Check 'database' and 'schemas'."}`
      : `User '${username}' may read none of them. Run ${missingGrants(username, holders, null)}.`
  return [`Discovered zero tables in ${place}. ${reason}`]
}

/** Names the schemas that the role may use and that have what is to be read; null: there are none. */
function elsewhere(schemas: readonly Schema[], what: 'it' | 'some'): string | null {
  const usable = schemas.filter(({ hasUsage, relationCount }) => hasUsage && relationCount > 0)
  if (usable.length === 0) return null
  return `Other schemas have ${what}: ${listNames(namesOf(usable))}. Set 'schemas'.`
}

/**
 * Statements that let the role read.
 * @param holders schemas that contain what is to be read.
 * @param tables quoted and qualified; null: all that the schemas contain.
 */
export function missingGrants(
  username: string,
  holders: readonly Pick<Schema, 'name' | 'hasUsage'>[],
  tables: readonly string[] | null,
): string {
  const role = ident(username)
  const closed = holders.filter(({ hasUsage }) => !hasUsage)
  const readable = tables?.join(', ') ?? `ALL TABLES IN SCHEMA ${listIdents(namesOf(holders))}`
  const select = `GRANT SELECT ON ${readable} TO ${role}`
  if (closed.length === 0) return select
  return `GRANT USAGE ON SCHEMA ${listIdents(namesOf(closed))} TO ${role} and ${select}`
}

function findQueryNameClash(scope: DiscoveryScope, relations: readonly Relation[]): string[] {
  const schema = scope.schemas[0]
  if (scope.query === null || schema === undefined) return []
  if (!relations.some((relation) => isQueryName(relation, schema))) return []
  return [
    `Schema '${schema}' has a relation '${QUERY_STREAM_NAME}', the name of the stream of the 'query' parameter. ` +
      `Narrow discovery with 'table', or put another schema first in 'schemas'.`,
  ]
}

function isQueryName(relation: Relation, schema: string): boolean {
  return relation.name === QUERY_STREAM_NAME && relation.schema === schema
}

function namesOf(schemas: readonly Pick<Schema, 'name'>[]): string[] {
  return schemas.map(({ name }) => name)
}

function schemaList(names: readonly string[]): string {
  return `${names.length === 1 ? 'schema' : 'schemas'} ${listNames(names)}`
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED_NAMES).map((name) => `'${name}'`)
  const rest = names.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}

function listIdents(names: readonly string[]): string {
  return names.map((name) => ident(name)).join(', ')
}
