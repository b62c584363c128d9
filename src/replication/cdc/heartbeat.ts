import { ConnectorError, errorCode } from '../../errors.ts'
import type { LogFacts } from '../../introspection/replication/slot.ts'
import type { SqlSession } from '../../postgres/session/sql-session.ts'
import { ident } from '../../sql.ts'
import type { Log } from '../feed.ts'

const INTERVAL_MS = 10_000
/**
 * A sync waits for its writes: neither a lock, nor a standby that is gone, nor anything else may keep it for long. The
 * statements of one simple query are one transaction.
 */
const BOUNDED_SQL =
  "SET LOCAL synchronous_commit = local; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s';"
/** With less log to retain, a record of its own would only keep an idle server awake. */
const MIN_LAG_BYTES = 16n * 1024n * 1024n
/** pg_logical_emit_message has one more parameter. */
const MAJOR_WITH_FLUSH = 17
const INSUFFICIENT_PRIVILEGE = '42501'

/** Runs `heartbeat_action_query` at the start and every 10 seconds, as a session of the role does; never at the same time. */
export class Heartbeat implements AsyncDisposable {
  readonly #session: SqlSession
  readonly #query: string
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  #hasFailed = false

  private constructor(session: SqlSession, query: string, log: Log) {
    this.#session = session
    this.#query = query
    this.#log = log
    this.#timer = setInterval(() => this.#beat(), INTERVAL_MS).unref()
  }

  /** @param query null: there is none. */
  static async start(
    session: SqlSession,
    query: string | null,
    log: Log,
  ): Promise<Heartbeat | null> {
    if (query === null) return null
    const heartbeat = new Heartbeat(session, query, log)
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
      await this.#session.query(`${BOUNDED_SQL} ${this.#query}`)
    } catch (error) {
      if (!this.#hasFailed) this.#log('WARN', failure(error))
      this.#hasFailed = true
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}

/**
 * Writes a transactional message to the log when the slot retains much of it: the server forgets log only after a
 * transaction of this database. Nothing is written when there is little to gain.
 */
export async function writeHeartbeat(
  session: SqlSession,
  { slot, endLsn, isStandby }: LogFacts,
  { major, username, log }: { major: number; username: string; log: Log },
): Promise<void> {
  const restartLsn = slot?.restartLsn ?? endLsn
  if (isStandby || endLsn - restartLsn < MIN_LAG_BYTES) return
  try {
    await session.query(
      `${BOUNDED_SQL} SELECT pg_catalog.pg_logical_emit_message(true, 'airbyte', '')`,
    )
  } catch (error) {
    if (errorCode(error) !== INSUFFICIENT_PRIVILEGE) throw error
    const types = major < MAJOR_WITH_FLUSH ? '' : ', boolean'
    const grant = `GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text${types}) TO ${ident(username)};`
    log('WARN', `The slot may retain log for longer than needed. Run: ${grant}`)
  }
}

function failure(error: unknown): string {
  return `heartbeat_action_query failed. ${ConnectorError.from(error).message}`
}
