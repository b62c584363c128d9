import type { RowSource } from '../postgres/session/sql-session.ts'

/** Identifies a database independently of host names. */
export interface ServerIdentity {
  /** `system_identifier` of the cluster; `unknown`: the role may not read it. */
  readonly system: string
  readonly database: string
}

/** SQL expression of the cluster's `system_identifier`; null if the role may not read it. */
export const SYSTEM_ID_SQL = `
       CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
            THEN (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
       END`

const IDENTITY_SQL = `
SELECT pg_catalog.current_database()::pg_catalog.text AS database,
       coalesce(${SYSTEM_ID_SQL}, 'unknown') AS system`

/** Reads the identity of the server. */
export async function readIdentity(session: RowSource): Promise<ServerIdentity> {
  const [identity] = await session.query<ServerIdentity>(IDENTITY_SQL)
  return identity!
}
