import { ident, literal } from '../../sql.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { textSettings } from '../connection/text-settings.ts'

/**
 * Where names without a schema are looked up.
 * - `pg_catalog`: nowhere else; for queries of the system catalogs, whose names need no qualification then.
 * - `session`: as in any session of the role. Views, policies and functions look their names up there, and the text of a
 *   regclass depends on it. Our own SQL qualifies every name, operators included.
 * - a list: in these schemas first, then as in any session; for names in the config's `query`.
 */
export type SearchPath = 'pg_catalog' | 'session' | readonly string[]

interface BeginOptions {
  readonly searchPath: SearchPath
  /** `pg_export_snapshot()` of another transaction; null: it takes a snapshot of its own. */
  readonly sharedSnapshot: string | null
  /** How long a statement may wait for a lock; 0: for ever. */
  readonly lockTimeoutMs: number
}

/**
 * What a transaction begins with. Settings of the role, the database or `options` that could end it or change its text
 * are overridden. Timeouts are off as pg_dump has them: a slow consumer must not cost the snapshot. `row_security` is on,
 * so that policies filter rows instead of failing the query. `synchronize_seqscans` off and no parallel plan keep a scan
 * in the order of the pages, on which resuming relies before PostgreSQL 14.
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
    // The planner's estimates of catalog queries are far too high: compiling them would take longer than running them
    ...(searchPath === 'pg_catalog' && { jit: 'off' }),
  }
  return [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...(sharedSnapshot === null ? [] : [`SET TRANSACTION SNAPSHOT ${literal(sharedSnapshot)}`]),
    ...Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${literal(value)}`),
    searchPathStatements(searchPath),
  ].join(';\n')
}

/** Sets the path until the transaction ends. Temporary tables of a session that a pooler hands on are never meant. */
export function searchPathStatements(path: SearchPath): string {
  if (path === 'pg_catalog') return 'SET LOCAL search_path = pg_catalog, pg_temp'
  const reset = 'SET LOCAL search_path TO DEFAULT'
  if (path === 'session') return reset
  const schemas = literal(path.map((schema) => ident(schema)).join(', '))
  const rest = `pg_catalog."substring"(pg_catalog.current_setting('search_path'), '.+')` // null if it is empty
  const list = `pg_catalog.concat_ws(', ', ${schemas}, ${rest})`
  return `${reset};\nSELECT pg_catalog.set_config('search_path', ${list}, true)`
}
