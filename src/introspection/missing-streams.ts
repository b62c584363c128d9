import type { Config } from '../config/config.ts'
import type { Database } from '../postgres/session/database.ts'
import { readCatalogs } from '../postgres/session/read-catalogs.ts'
import { textArray } from '../sql.ts'
import { explainGrants } from './scope.ts'

/** A relation that exists, but cannot be read, or is not selected by the config. */
export interface MissingStream {
  readonly schema: string
  readonly name: string
  /** One sentence: the reason and the remedy. */
  readonly reason: string
}

type MissingScope = Pick<Config, 'username' | 'schemas' | 'table'>

interface MissingRow {
  readonly schema: string
  readonly name: string
  readonly hasUsage: boolean
  readonly canSelect: boolean
}

/** Builds a query of the relations with these names, `name` or `schema.name`, readable or not. */
function missingSql(labels: readonly string[], schemas: readonly string[]): string {
  return `
SELECT DISTINCT ON (wanted.label)
  n.nspname::text AS schema,
  c.relname::text AS name,
  has_schema_privilege(n.oid, 'USAGE') AS "hasUsage",
  has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS "canSelect"
FROM unnest(${textArray(labels)}) AS wanted (label)
JOIN pg_class AS c ON c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE wanted.label IN (c.relname::text, n.nspname || '.' || c.relname)
ORDER BY wanted.label, n.nspname = ANY (${textArray(schemas)}) DESC, n.nspname`
}

/**
 * Why relations are not among the streams although they exist: a privilege is missing, or the
 * config does not select them. Relations for which there is no such reason are omitted.
 * @param labels `name` or `schema.name`.
 */
export async function explainMissing(
  database: Database,
  scope: MissingScope,
  labels: readonly string[],
): Promise<readonly MissingStream[]> {
  if (labels.length === 0) return []
  const sql = missingSql(labels, scope.schemas)
  const rows = await readCatalogs(database, async (session) => await session.query<MissingRow>(sql))
  return rows.flatMap((row) => {
    const reason = reasonOf(row, scope)
    return reason === null ? [] : [{ schema: row.schema, name: row.name, reason }]
  })
}

function reasonOf(row: MissingRow, { username, schemas, table }: MissingScope): string | null {
  const { schema, name, hasUsage, canSelect } = row
  if (!hasUsage || !canSelect) {
    const grants = explainGrants({ username, table: name }, [{ name: schema, hasUsage }])
    return `User '${username}' may not read table '${name}' in schema '${schema}'. ${grants}`
  }
  if (!schemas.includes(schema)) {
    return `The config does not select stream '${schema}.${name}'. Add '${schema}' to 'schemas'.`
  }
  if (table !== null && table !== name) {
    return `The config selects only table '${table}', not stream '${schema}.${name}'. Correct 'table', or remove it.`
  }
  return null
}
