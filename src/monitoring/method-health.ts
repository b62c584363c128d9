import type { Config } from '../config/config.ts'
import { resultWithin } from '../postgres/connection/deadline.ts'
import type { Database } from '../postgres/session/database.ts'
import type { MethodHealth } from '../replication/method.ts'
import { incrementalMethod } from '../replication/methods.ts'

/**
 * Health of what the config's method keeps on the server. Null: it keeps nothing there, no
 * connection is free, or the answer takes longer than `timeoutMs`. Never rejects.
 */
export async function readMethodHealth(
  database: Database,
  config: Config,
  timeoutMs: number,
): Promise<MethodHealth | null> {
  const method = incrementalMethod(config)
  const { idle, size, max } = database.figures()
  if (method.health === undefined || (idle === 0 && size >= max)) return null
  return await resultWithin<MethodHealth | null>(
    method.health({ config, database }),
    timeoutMs,
    null,
  )
}
