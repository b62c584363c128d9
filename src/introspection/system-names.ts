/** Schemas of the server and of Airbyte itself besides those whose name starts with `pg_`, which no user can make. */
const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'catalog_history'])

/** Views that popular extensions put into whichever schema comes first; never data of the user. */
export const SYSTEM_RELATIONS: readonly string[] = [
  'pg_buffercache',
  'pg_stat_statements',
  'pg_stat_statements_info',
]

/** Whether a schema is never offered: `pg_catalog`, `pg_toast`, the temporary ones, `information_schema`, … */
export function isSystemSchema(name: string): boolean {
  return name.startsWith('pg_') || SYSTEM_SCHEMAS.has(name)
}
