import type { Config } from '../config/config.ts'
import type { Database } from '../postgres/session/database.ts'
import { type DatabaseHealth, readHealth } from '../postgres/session/health.ts'
import type { JsonObject } from '../json/json.ts'
import type { HealthWarning, MethodHealth } from '../replication/method.ts'

/** Counters of a read so far. */
export interface Throughput {
  /** Milliseconds from the start of the read to its first row; null before it. */
  readonly firstRowMs: number | null
  /** Milliseconds since the start of the read. */
  readonly elapsedMs: number
  readonly rows: number
  /** Bytes received from the server. */
  readonly bytes: number
  /** Number of rows by stream. */
  readonly streams: Readonly<Record<string, number>>
}

/** Progress of a read. */
export interface Progress {
  readonly throughput: Throughput
  readonly warnings: readonly HealthWarning[]
  /** Null: the config's method keeps nothing on the server, or the server did not answer. */
  readonly method: MethodHealth | null
  /** Maximum time for the answer of the database; default: connect_timeout. */
  readonly timeoutMs?: number
}

/** A line of text and the same facts as an object. */
export interface HealthReport {
  /** WARN if the database does not answer or there is another warning. */
  readonly level: 'INFO' | 'WARN'
  readonly message: string
  readonly health: JsonObject
}

const NO_THROUGHPUT: Throughput = { firstRowMs: null, elapsedMs: 0, rows: 0, bytes: 0, streams: {} }

/** Progress of a read that has not begun. */
export const NO_PROGRESS: Progress = { throughput: NO_THROUGHPUT, warnings: [], method: null }
const MEBIBYTE = 2 ** 20

/** Queries the health of the database and reports it. Never rejects. */
export async function reportHealth(
  database: Database,
  config: Config,
  given: Progress,
): Promise<HealthReport> {
  const { timeoutMs = config.connectTimeoutMs, method } = given
  const progress = { ...given, warnings: [...given.warnings, ...(method?.warnings ?? [])] }
  const facts = await readHealth(database, config.schemas, timeoutMs)
  const health = healthObject(database, config, facts, progress)
  const isWell = facts.failure === null && progress.warnings.length === 0
  const message = healthLine(facts, database, progress)
  return { level: isWell ? 'INFO' : 'WARN', message, health }
}

function healthObject(
  database: Database,
  config: Config,
  facts: DatabaseHealth,
  { throughput, warnings, method }: Progress,
): JsonObject {
  return {
    status: statusOf(facts, warnings),
    connected: facts.failure === null,
    response_time_ms: round(facts.responseTimeMs),
    last_check: new Date().toISOString(),
    database_size_bytes: facts.databaseSizeBytes,
    table_count: facts.tableCount,
    postgresql_version: database.server.version,
    schema: config.schemas.join(','),
    capabilities: {
      incremental: true,
      schema_discovery: true,
      batch_reading: true,
      custom_queries: true,
    },
    pool: { ...database.figures() },
    metrics: metricsOf(database, facts, throughput),
    streams: throughput.streams,
    ...method?.facts,
    warnings: warnings.map(({ name }) => name),
  }
}

function metricsOf(database: Database, facts: DatabaseHealth, throughput: Throughput): JsonObject {
  const { firstRowMs, elapsedMs, rows, bytes } = throughput
  return {
    connection_ms: round(database.connectionMs),
    query_ms: round(facts.responseTimeMs),
    first_row_ms: round(firstRowMs),
    rows,
    rows_per_second: perSecond(rows, elapsedMs),
    bytes,
    bytes_per_second: perSecond(bytes, elapsedMs),
  }
}

function statusOf({ failure }: DatabaseHealth, warnings: readonly HealthWarning[]): string {
  if (failure !== null) return 'unhealthy'
  return warnings.length === 0 ? 'healthy' : 'degraded'
}

function healthLine(
  facts: DatabaseHealth,
  database: Database,
  { throughput, warnings }: Progress,
): string {
  const { busy, idle, max } = database.figures()
  const size =
    facts.databaseSizeBytes === null
      ? 'database size unknown'
      : `database ${Math.round(facts.databaseSizeBytes / MEBIBYTE)} MiB`
  const rows =
    throughput.elapsedMs === 0
      ? ''
      : `, ${throughput.rows} rows read at ${perSecond(throughput.rows, throughput.elapsedMs)} rows/s`
  return `Health: PostgreSQL ${database.server.major} ${answerOf(facts)}, ${size}, pool ${busy} busy ${idle} idle of ${max}${rows}${warnings.map(({ text }) => `; ${text}`).join('')}`
}

function answerOf({ failure, responseTimeMs }: DatabaseHealth): string {
  if (failure !== null) return `does not answer (${failure})`
  return responseTimeMs === null
    ? 'is busy, no free connection'
    : `is healthy, answers in ${round(responseTimeMs)} ms`
}

function perSecond(count: number, elapsedMs: number): number {
  return elapsedMs === 0 ? 0 : Math.round((count * 1000) / elapsedMs)
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10
}
