import type { Relation } from '../introspection/relation.ts'
import type { Config } from '../config/config.ts'
import { findFilledTables } from '../postgres/session/activity.ts'
import { connectionLimit, type ServerFacts } from '../postgres/connection/server-facts.ts'
import type { Database } from '../postgres/session/database.ts'
import { readCatalogs } from '../postgres/session/read-catalogs.ts'
import type { LogLevel } from '../protocol/messages.ts'

/** A property of the server that matters before the first sync. */
export interface ServerAdvice {
  readonly level: LogLevel
  readonly message: string
}

/**
 * Finds unusual properties of a server: it is a standby, it is behind a pooler, or it has too few
 * connections.
 */
export function adviseOnServer(server: ServerFacts, config: Config): readonly ServerAdvice[] {
  const advice: ServerAdvice[] = []
  if (server.isInRecovery) {
    const message =
      'The server is a standby. Reads that its recovery cancels are tried again from the last state; raise max_standby_streaming_delay there, or turn on hot_standby_feedback, if that happens often.'
    advice.push({ level: 'INFO', message })
  }
  if (server.isPooled) {
    const message =
      'The connection goes through a pooler. Outside a transaction the connector cannot distinguish an idle server from a busy one (timeout_seconds), and the pooler limits the number of connections.'
    advice.push({ level: 'INFO', message })
  }
  const limit = connectionLimit(server)
  if (config.maxConnections > limit && !server.isPooled) {
    const message = `max_connections of the config is ${config.maxConnections}, but the limit is ${limit}: the server has ${server.maxConnections}, the role may have ${server.roleLimit ?? 'as many'}, the database ${server.databaseLimit ?? 'as many'}. Lower max_connections of the config.`
    advice.push({ level: 'WARN', message })
  }
  return advice
}

/** Minimum number of rows of a table whose missing statistics are reported. */
const MIN_ROWS = 10_000

/** Reports larger tables that were never analyzed; null: there are none. */
export async function adviseOnStatistics(
  database: Database,
  relations: readonly Relation[],
): Promise<string | null> {
  const unknown = relations.filter(
    ({ kind, estimatedRows }) => (kind === 'r' || kind === 'm') && estimatedRows === null,
  )
  if (unknown.length === 0) return null
  const oids = unknown.map(({ oid }) => oid)
  const large = await readCatalogs(
    database,
    async (session) => await findFilledTables(session, oids, MIN_ROWS),
  )
  const names = unknown
    .filter(({ oid }) => large.has(oid))
    .map(({ schema, name }) => `'${schema}.${name}'`)
  if (names.length === 0) return null
  return `The server has no statistics for ${names.join(', ')}: estimates are missing, and query plans may be slow. Run ANALYZE on these tables.`
}
