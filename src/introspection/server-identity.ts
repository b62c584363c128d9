import type { RowSource } from '../postgres/session/sql-session.ts'

/** Which database this is, also after a change of host names. */
export interface ServerIdentity {
  /** `system_identifier` of the cluster; `unknown`: the role may not ask. */
  readonly system: string
  readonly database: string
}

/** SQL for the `system_identifier` of the cluster; null if the role may not ask. */
export const SYSTEM_ID_SQL = `
       CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
            THEN (SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)
       END`

const IDENTITY_SQL = `
SELECT pg_catalog.current_database()::pg_catalog.text AS database,
       coalesce(${SYSTEM_ID_SQL}, 'unknown') AS system`

/** Asks the server who it is. */
export async function readIdentity(session: RowSource): Promise<ServerIdentity> {
  const [identity] = await session.query<ServerIdentity>(IDENTITY_SQL)
  return identity!
}
