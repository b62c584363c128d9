import type { Config } from '../config/config.ts'
import type { Database } from '../postgres/session/database.ts'
import { readCatalogs } from '../postgres/session/read-catalogs.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'
import { ident, literal, textArray } from '../sql.ts'
import { isInScope, type RelationScope } from './relations.ts'
import { missingGrants } from './scope.ts'

/** Maximum number of names in a message. */
const MAX_LISTED_NAMES = 20

/** A relation that exists, but cannot be read, or is not selected by the config. */
export interface MissingStream {
  readonly schema: string
  readonly name: string
  /** One sentence: the reason and the remedy. */
  readonly reason: string
}

/** No schema has an empty name. */
const ANY_SCHEMA = ''

type MissingScope = Pick<Config, 'username' | 'schemas' | 'table'>

interface MissingRow {
  readonly schema: string
  readonly name: string
  readonly hasUsage: boolean
  readonly canSelect: boolean
}

/** Builds a query of the relations of streams, readable or not. */
function missingSql(streams: readonly StreamDescriptor[], schemas: readonly string[]): string {
  const namespaces = textArray(streams.map(({ namespace = ANY_SCHEMA }) => namespace))
  const names = textArray(streams.map(({ name }) => name))
  return `
SELECT DISTINCT ON (wanted.schema, wanted.name)
  n.nspname::text AS schema,
  c.relname::text AS name,
  has_schema_privilege(n.oid, 'USAGE') AS "hasUsage",
  has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS "canSelect"
FROM unnest(${namespaces}, ${names}) AS wanted (schema, name)
JOIN pg_class AS c ON c.relname = wanted.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE wanted.schema IN (n.nspname::text, ${literal(ANY_SCHEMA)})
ORDER BY wanted.schema, wanted.name, n.nspname = ANY (${textArray(schemas)}) DESC, n.nspname`
}

/**
 * Why relations are not among the streams although they exist: a privilege is missing, or the
 * config does not select them. Relations for which there is no such reason are omitted.
 * @param streams without a namespace: in any schema, one of them.
 */
export async function explainMissing(
  database: Database,
  scope: MissingScope,
  streams: readonly StreamDescriptor[],
): Promise<readonly MissingStream[]> {
  if (streams.length === 0) return []
  const sql = missingSql(streams, scope.schemas)
  const rows = await readCatalogs(database, async (session) => await session.query<MissingRow>(sql))
  return rows.flatMap((row) => {
    const reason = reasonOf(row, scope)
    return reason === null ? [] : [{ schema: row.schema, name: row.name, reason }]
  })
}

function reasonOf(row: MissingRow, { username, schemas, table }: MissingScope): string | null {
  const { schema, name, hasUsage, canSelect } = row
  if (!hasUsage || !canSelect) {
    const grants = missingGrants(username, [{ name: schema, hasUsage }], [ident(schema, name)])
    return `User '${username}' may not read table '${name}' in schema '${schema}'. Run ${grants}.`
  }
  if (!schemas.includes(schema)) {
    return `The config does not select stream '${schema}.${name}'. Add '${schema}' to 'schemas'.`
  }
  if (table !== null && table !== name) {
    return `The config selects only table '${table}', not stream '${schema}.${name}'. Correct 'table', or remove it.`
  }
  return null
}

/** What the role may not read in a schema of the scope. */
export interface UngrantedRelations {
  readonly name: string
  readonly hasUsage: boolean
  readonly count: number
  /** The first names in alphabetical order. */
  readonly relations: readonly string[]
}

/**
 * Builds a query of the relations that discovery leaves out for a missing privilege. Partitions are
 * not counted: SELECT on the partitioned table is enough to read their rows.
 */
export function ungrantedSql(scope: RelationScope): string {
  return `
SELECT
  n.nspname::text AS name,
  privilege.has_usage AS "hasUsage",
  count(*)::int4 AS count,
  (array_agg(c.relname::text ORDER BY c.relname))[1:${MAX_LISTED_NAMES}] AS relations
FROM pg_namespace AS n
CROSS JOIN LATERAL (SELECT has_schema_privilege(n.oid, 'USAGE') AS has_usage) AS privilege
JOIN pg_class AS c ON c.relnamespace = n.oid
WHERE ${isInScope(scope)}
  AND ${scope.checkPrivileges}
  AND NOT c.relispartition
  AND NOT (privilege.has_usage AND has_any_column_privilege(c.oid, 'SELECT'))
GROUP BY n.nspname, privilege.has_usage
ORDER BY n.nspname`
}

/** One sentence on what is left out, and the statements that make it readable; null: nothing is. */
export function describeUngranted(
  username: string,
  schemas: readonly UngrantedRelations[],
): string | null {
  const count = schemas.reduce((sum, schema) => sum + schema.count, 0)
  if (count === 0) return null
  const found = schemas.flatMap(({ name, relations }) => relations.map((each) => [name, each]))
  const listed = found.slice(0, MAX_LISTED_NAMES)
  const names = listed.map(([schema, name]) => `'${schema}.${name}'`).join(', ')
  const rest = count - listed.length
  const tables = rest > 0 ? null : listed.map((path) => ident(...path))
  const [subject, verb] =
    count === 1 ? ['1 table or view', 'is'] : [`${count} tables and views`, 'are']
  return (
    `${subject} that user '${username}' may not read ${verb} left out: ` +
    `${names}${rest > 0 ? ` and ${rest} more` : ''}. ` +
    `To include all, run ${missingGrants(username, schemas, tables)}.`
  )
}
