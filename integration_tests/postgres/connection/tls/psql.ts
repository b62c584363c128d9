import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Parameters of libpq by the names of its environment variables. */
export type LibpqEnvironment = Readonly<Record<string, string>>

/** Result of a connection attempt: refused, or its encryption. */
export type Outcome = 'refused' | 'plain' | 'TLS'

/** Query of the encryption of its own connection. */
export const ENCRYPTION_SQL = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** Connects with psql and returns the result. */
export async function connectWithPsql(environment: LibpqEnvironment): Promise<Outcome> {
  const env = { PATH: process.env['PATH'] ?? '', PGCONNECT_TIMEOUT: '20', ...environment }
  try {
    const { stdout } = await execute('psql', ['-X', '-w', '-A', '-t', '-c', ENCRYPTION_SQL], {
      env,
    })
    return stdout.trim() === 't' ? 'TLS' : 'plain'
  } catch {
    return 'refused'
  }
}
