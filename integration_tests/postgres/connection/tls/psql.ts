import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The parameters of libpq by the names of its environment variables. */
export type LibpqEnvironment = Readonly<Record<string, string>>

/** How a connection came about: it did not, or it travels in this way. */
export type Outcome = 'refused' | 'plain' | 'TLS'

/** How the connection that asks travels. */
export const TRAVEL_SQL = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** How psql gets on with a server. */
export async function askPsql(environment: LibpqEnvironment): Promise<Outcome> {
  const env = { PATH: process.env['PATH'] ?? '', PGCONNECT_TIMEOUT: '20', ...environment }
  try {
    const { stdout } = await execute('psql', ['-X', '-w', '-A', '-t', '-c', TRAVEL_SQL], { env })
    return stdout.trim() === 't' ? 'TLS' : 'plain'
  } catch {
    return 'refused'
  }
}
