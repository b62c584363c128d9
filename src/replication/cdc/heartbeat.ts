import { ConnectorError, errorCode } from '../../errors.ts'
import type { LogFacts } from '../../introspection/replication/slot.ts'
import { runBounded } from '../../postgres/session/bounded-session.ts'
import type { Database } from '../../postgres/session/database.ts'
import { ident } from '../../sql.ts'
import { isServerError, serverStatement } from '../../server-error.ts'
import { LOCK_NOT_AVAILABLE } from '../../sql-state.ts'
import type { Log } from '../feed.ts'

const INTERVAL_MS = 10_000
const LOCK_TIMEOUT_S = 5
const STATEMENT_TIMEOUT_S = 30
/**
 * For the connection and for the statement. The statement's own timeout is shorter, so this limit
 * applies only if the server or the network does not respond.
 */
const LIMIT_MS = 40_000
/**
 * A sync waits for these writes, so a lock, a standby that does not respond or anything else must
 * not delay them for long.
 */
export const HEARTBEAT_SETTINGS_SQL = `SET synchronous_commit = local; SET lock_timeout = '${LOCK_TIMEOUT_S}s'; SET statement_timeout = '${STATEMENT_TIMEOUT_S}s'`
const MESSAGE_SQL = "SELECT pg_catalog.pg_logical_emit_message(true, 'airbyte', '')"
/**
 * Minimum amount of retained log: below it, a heartbeat would only cause writes on an idle server.
 */
const MIN_LAG_BYTES = 16n * 1024n * 1024n
/** First version in which pg_logical_emit_message has one more parameter. */
const MAJOR_WITH_FLUSH = 17
const INSUFFICIENT_PRIVILEGE = '42501'
const QUERY_KEY = 'replication_method.heartbeat_action_query'
/** SQLSTATE → remedy for a query that fails with it. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  [INSUFFICIENT_PRIVILEGE, 'GRANT what is missing to the role.'],
  [LOCK_NOT_AVAILABLE, `Another session held a lock on it for ${LOCK_TIMEOUT_S} s.`],
  ['57014', `It was cancelled, or took longer than ${STATEMENT_TIMEOUT_S} s.`],
])
const OTHER_REMEDY = 'Correct the query.'

/**
 * Runs `heartbeat_action_query` at the start and every 10 seconds, like a session of the role;
 * never twice at the same time.
 */
export class Heartbeat implements AsyncDisposable {
  readonly #database: Database
  readonly #query: string
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  #hasFailed = false

  private constructor(database: Database, query: string, log: Log) {
    this.#database = database
    this.#query = query
    this.#log = log
    this.#timer = setInterval(() => this.#beat(), INTERVAL_MS).unref()
  }

  /** @param query null: there is none. */
  static async start(
    database: Database,
    query: string | null,
    log: Log,
  ): Promise<Heartbeat | null> {
    if (query === null) return null
    const heartbeat = new Heartbeat(database, query, log)
    heartbeat.#beat()
    await heartbeat.#running
    return heartbeat
  }

  #beat(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async #run(): Promise<void> {
    try {
      await runBounded(this.#database, [HEARTBEAT_SETTINGS_SQL, this.#query], LIMIT_MS)
    } catch (error) {
      if (!this.#hasFailed) this.#log('WARN', describeQueryFailure(error))
      this.#hasFailed = true
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}

/**
 * Writes a transactional message to the log if the slot retains much of it: the server removes log
 * only after a transaction of this database. Nothing is written if little log is retained. A sync
 * does not depend on it.
 */
export async function writeHeartbeat(
  database: Database,
  { slot, endLsn, isStandby }: LogFacts,
  { username, log }: { username: string; log: Log },
): Promise<void> {
  const restartLsn = slot?.restartLsn ?? endLsn
  if (isStandby || endLsn - restartLsn < MIN_LAG_BYTES) return
  try {
    await runBounded(database, [HEARTBEAT_SETTINGS_SQL, MESSAGE_SQL], LIMIT_MS)
  } catch (error) {
    database.signal.throwIfAborted()
    const isForbidden = errorCode(error) === INSUFFICIENT_PRIVILEGE
    const types = database.server.major < MAJOR_WITH_FLUSH ? '' : ', boolean'
    const text = isForbidden
      ? `Run: GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text${types}) TO ${ident(username)};`
      : `A message was not written to the log. ${statementOf(error)}`
    log('WARN', `The slot may retain log for longer than needed. ${text}`)
  }
}

/** Why the query failed, and what to do about it. */
export function describeQueryFailure(error: unknown): string {
  const remedy = REMEDIES.get(errorCode(error) ?? '') ?? OTHER_REMEDY
  return `${QUERY_KEY} failed. ${statementOf(error)}${isServerError(error) ? ` ${remedy}` : ''}`
}

function statementOf(error: unknown): string {
  return isServerError(error) ? serverStatement(error) : ConnectorError.from(error).message
}
