import { ident, literal } from '../../sql.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { textSettings } from '../connection/text-settings.ts'

/**
 * Schemas in which names without a schema are looked up.
 * - `pg_catalog`: only there; for queries of the system catalogs, whose names need no
 *   qualification.
 * - `session`: as in any session of the role. Views, policies and functions look up their names
 *   there, and the text of a regclass depends on it. SQL of the connector qualifies every name,
 *   including operators.
 * - a list: first in these schemas, then as in any session; for names in the config's `query`.
 */
export type SearchPath = 'pg_catalog' | 'session' | readonly string[]

interface BeginOptions {
  readonly searchPath: SearchPath
  /** `pg_export_snapshot()` of another transaction; null: it takes a new snapshot. */
  readonly sharedSnapshot: string | null
  /** Maximum time that a statement waits for a lock; 0: no limit. */
  readonly lockTimeoutMs: number
}

/**
 * Statements at the beginning of a transaction. They override settings of the role, the database or
 * `options` that could end it or change its text. Timeouts are off, as in pg_dump: a slow consumer
 * must not cause the loss of the snapshot. `row_security` is on, so that policies filter rows and
 * do not fail the query. `synchronize_seqscans` off and no parallel plan keep a scan in page order,
 * which resuming requires before PostgreSQL 14.
 */
export function beginStatements(
  server: ServerFacts,
  { searchPath, sharedSnapshot, lockTimeoutMs }: BeginOptions,
): string {
  const settings: Readonly<Record<string, string>> = {
    ...textSettings(server),
    client_encoding: server.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8',
    row_security: 'on',
    synchronize_seqscans: 'off',
    max_parallel_workers_per_gather: '0',
    lock_timeout: `${lockTimeoutMs}`,
    // The planner's cost estimates of catalog queries are far too high: compiling them would take
    // longer than running them
    ...(searchPath === 'pg_catalog' && { jit: 'off' }),
  }
  return [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...(sharedSnapshot === null ? [] : [`SET TRANSACTION SNAPSHOT ${literal(sharedSnapshot)}`]),
    ...Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${literal(value)}`),
    searchPathStatements(searchPath),
  ].join(';\n')
}

/**
 * Sets the search_path until the transaction ends. For catalog queries, pg_temp is last, so that
 * temporary tables of a pooled session cannot hide a catalog.
 */
export function searchPathStatements(path: SearchPath): string {
  if (path === 'pg_catalog') return 'SET LOCAL search_path = pg_catalog, pg_temp'
  const reset = 'SET LOCAL search_path TO DEFAULT'
  if (path === 'session') return reset
  const schemas = literal(path.map((schema) => ident(schema)).join(', '))
  const rest = `pg_catalog."substring"(pg_catalog.current_setting('search_path'), '.+')` // null if it is empty
  const list = `pg_catalog.concat_ws(', ', ${schemas}, ${rest})`
  return `${reset};\nSELECT pg_catalog.set_config('search_path', ${list}, true)`
}
