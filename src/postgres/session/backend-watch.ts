import type { Client } from 'pg'
import type { Config } from '../../config/config.ts'
import { ConnectorError } from '../../errors.ts'
import { type BackendRow, judgeBackend, type Verdict } from './backend-verdict.ts'
import { clientClass, type ClientParts } from '../connection/client.ts'
import { Deadline } from '../connection/deadline.ts'
import { streamOf } from '../connection/pg-internals.ts'
import type { Log } from '../connection/route.ts'
import { querySingle } from '../connection/single-query.ts'

const STATE_SQL = `
SELECT a.pid, a.state, a.wait_event_type AS "waitType", a.wait_event AS "waitEvent"
FROM pg_catalog.pg_stat_activity AS a`

/** Rows by process ID; null: the query failed. */
type Backends = ReadonlyMap<number, BackendRow> | null

/** A connection that waits for an answer. */
export interface WaitingConnection {
  readonly client: Client
  /** Process ID of its backend; null: unknown, because of a pooler. */
  readonly processId: number | null
}

/**
 * Limits every wait for the server. When nothing was received for `timeoutMs`, it probes the
 * backend in pg_stat_activity. Unless the backend is active, the connection is closed with a
 * transient_error. The probe uses a connection in addition to the pool: one at a time, for any
 * number of silent connections.
 */
export class BackendWatch {
  readonly #config: Config
  readonly #client: typeof Client
  readonly #log: Log
  /** The query in progress. */
  #asking: Promise<Backends> | null = null

  constructor(parts: ClientParts, log: Log) {
    this.#config = parts.config
    this.#client = clientClass(parts)
    this.#log = log
  }

  /**
   * Waits for `work`, an answer from the server. It rejects with the transient_error when the
   * connection is closed.
   */
  async guard<Result>(connection: WaitingConnection, work: Promise<Result>): Promise<Result> {
    const stream = streamOf(connection.client)
    let isSettled = false
    let seenBytes = stream.bytesRead
    const look = async (): Promise<void> => {
      const isSilent = stream.bytesRead === seenBytes
      seenBytes = stream.bytesRead
      const verdict = isSilent ? await this.#look(connection.processId) : null
      if (isSettled) return
      if (verdict !== null && stream.bytesRead === seenBytes) this.#follow(verdict, connection)
      timer = setTimeout(() => void look(), this.#config.timeoutMs)
    }
    let timer = setTimeout(() => void look(), this.#config.timeoutMs)
    try {
      return await work
    } finally {
      isSettled = true
      clearTimeout(timer)
    }
  }

  #follow(verdict: Verdict, { client, processId }: WaitingConnection): void {
    const silence = `The server has sent nothing for ${this.#config.timeoutMs / 1000} s (timeout_seconds)`
    if (verdict.isAtWork) {
      const wait = verdict.waitsFor === null ? '' : ` and waits for ${verdict.waitsFor}`
      this.#log(
        'WARN',
        `${silence}; its backend ${processId} is active${wait}. The sync continues.`,
      )
      return
    }
    const message = `${silence}: ${verdict.reason}. Run the sync again, or raise timeout_seconds.`
    streamOf(client).destroy(new ConnectorError('transient_error', message))
  }

  async #look(processId: number | null): Promise<Verdict> {
    const reason = 'a pooler hides which backend runs the query'
    if (processId === null) return { isAtWork: false, reason }
    this.#asking ??= this.#readBackends().finally(() => {
      this.#asking = null
    })
    const backends = await this.#asking
    if (backends !== null) return judgeBackend(backends.get(processId))
    return { isAtWork: false, reason: 'another connection to it fails, too' }
  }

  async #readBackends(): Promise<Backends> {
    const client = new this.#client()
    try {
      using deadline = new Deadline(2 * this.#config.connectTimeoutMs)
      deadline.signal.addEventListener('abort', () => streamOf(client).destroy(deadline.error))
      await client.connect()
      const rows = await querySingle<BackendRow & { readonly pid: number }>(client, STATE_SQL)
      return new Map(rows.map((row) => [row.pid, row]))
    } catch {
      return null
    } finally {
      streamOf(client).destroy()
    }
  }
}
