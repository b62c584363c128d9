/**
 * Schemas of the server and of Airbyte, besides those whose name starts with `pg_`, which users
 * cannot create.
 */
const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'catalog_history'])

/**
 * Views that common extensions create in the first schema of the search_path; they never contain
 * data of the user.
 */
export const SYSTEM_RELATIONS: readonly string[] = [
  'pg_buffercache',
  'pg_stat_statements',
  'pg_stat_statements_info',
]

/**
 * Whether a schema is never discovered: `pg_catalog`, `pg_toast`, temporary schemas,
 * `information_schema`, …
 */
export function isSystemSchema(name: string): boolean {
  return name.startsWith('pg_') || SYSTEM_SCHEMAS.has(name)
}
