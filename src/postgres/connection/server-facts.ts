import type { Client } from 'pg'
import { querySingle } from './single-query.ts'

/** Facts about the server, read once per run. */
export interface ServerFacts {
  /** `server_version_num` / 10000 */
  readonly major: number
  /** `version()` */
  readonly version: string
  /** `server_encoding` */
  readonly encoding: string
  /** Size of a page in bytes. */
  readonly blockBytes: number
  readonly isInRecovery: boolean
  /**
   * Whether the connection goes through a pooler, so that statements may run in different backends.
   */
  readonly isPooled: boolean
  /** Minimum number of locks for which the server has room. */
  readonly lockTableSize: number
  /** `max_connections` of the server */
  readonly maxConnections: number
  /** Number of further connections, without the reserved ones, when this was read. */
  readonly freeConnections: number
  /** Connection limit of the role and the database; null: no limit besides that of the server. */
  readonly roleLimit: number | null
  readonly databaseLimit: number | null
}

/**
 * First version with TID range scans. In earlier versions, a range of ctids requires a scan of the
 * whole relation.
 */
const MAJOR_WITH_TID_RANGE_SCAN = 14

/** Whether a relation can be read by ranges of its pages. */
export function hasTidRangeScan({ major }: ServerFacts): boolean {
  return major >= MAJOR_WITH_TID_RANGE_SCAN
}

/** Maximum number of connections if no other client had one. */
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

/**
 * Reads the facts. A pooler is detected by its process id, which differs from that of the backend.
 */
export async function readServerFacts(client: Client): Promise<ServerFacts> {
  const [row] = await querySingle<FactsRow>(client, FACTS_SQL)
  const { processId, ...facts } = row!
  return { ...facts, isPooled: processId !== client.processID }
}
