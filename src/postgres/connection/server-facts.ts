import type { Client } from 'pg'
import { querySingle } from './single-query.ts'

/** What the server says of itself, once per run. */
export interface ServerFacts {
  /** `server_version_num` / 10000 */
  readonly major: number
  /** `version()` */
  readonly version: string
  /** `server_encoding` */
  readonly encoding: string
  /** Bytes of a page */
  readonly blockBytes: number
  readonly isInRecovery: boolean
  /** A pooler hands out its backends: another one may answer next time. */
  readonly isPooled: boolean
  /** How many locks the server has room for at least. */
  readonly lockTableSize: number
  /** `max_connections` of the server */
  readonly maxConnections: number
  /** How many more connections users without a reserve could open when it was asked. */
  readonly freeConnections: number
  /** How many connections the role and the database may have; null: as many as the server. */
  readonly roleLimit: number | null
  readonly databaseLimit: number | null
}

/** TID range scans: before them a range of ctids costs a scan of the whole relation. */
const MAJOR_WITH_TID_RANGE_SCAN = 14

/** Whether a relation can be read by ranges of its pages. */
export function hasTidRangeScan({ major }: ServerFacts): boolean {
  return major >= MAJOR_WITH_TID_RANGE_SCAN
}

/** How many connections there could be if nobody else had one. */
export function connectionLimit({ maxConnections, roleLimit, databaseLimit }: ServerFacts): number {
  return Math.min(roleLimit ?? Infinity, databaseLimit ?? Infinity, maxConnections)
}

interface FactsRow extends Omit<ServerFacts, 'isPooled'> {
  readonly processId: number
}

const FACTS_SQL = `
SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4
         OPERATOR(pg_catalog./) 10000 AS major,
       pg_catalog.version() AS version,
       pg_catalog.current_setting('server_encoding') AS encoding,
       pg_catalog.current_setting('block_size')::pg_catalog.int4 AS "blockBytes",
       pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS "maxConnections",
       pg_catalog.current_setting('max_connections')::pg_catalog.int4
         OPERATOR(pg_catalog.-) pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         OPERATOR(pg_catalog.-) coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
         OPERATOR(pg_catalog.-) (SELECT pg_catalog.sum(d.numbackends)::pg_catalog.int4
                                 FROM pg_catalog.pg_stat_database AS d) AS "freeConnections",
       pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int4
         OPERATOR(pg_catalog.*) pg_catalog.current_setting('max_connections')::pg_catalog.int4
         AS "lockTableSize",
       pg_catalog.pg_is_in_recovery() AS "isInRecovery",
       pg_catalog.pg_backend_pid() AS "processId",
       (SELECT r.rolconnlimit FROM pg_catalog.pg_roles AS r
        WHERE r.rolname OPERATOR(pg_catalog.=) current_user
          AND r.rolconnlimit OPERATOR(pg_catalog.>=) 0) AS "roleLimit",
       (SELECT d.datconnlimit FROM pg_catalog.pg_database AS d
        WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
          AND d.datconnlimit OPERATOR(pg_catalog.>=) 0) AS "databaseLimit"`

/** Asks the server; a pooler shows by the process id that it gives instead of the backend's. */
export async function readServerFacts(client: Client): Promise<ServerFacts> {
  const [row] = await querySingle<FactsRow>(client, FACTS_SQL)
  const { processId, ...facts } = row!
  return { ...facts, isPooled: processId !== client.processID }
}
