import type { Client } from 'pg'
import type { Config } from '../../config/config.ts'
import { ConnectorError } from '../../errors.ts'
import { type BackendRow, judgeBackend, type Verdict } from './backend-verdict.ts'
import { clientClass } from '../connection/client.ts'
import { Deadline } from '../connection/deadline.ts'
import { streamOf } from '../connection/pg-internals.ts'
import type { Route } from '../connection/route.ts'

/** Tells what a person should know of a server that is slow to answer. */
export type Warn = (message: string) => void

const STATE_SQL = `
SELECT a.state, a.wait_event_type AS "waitType", a.wait_event AS "waitEvent"
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1`

/** A connection on which an answer is awaited. */
export interface Awaited {
  readonly client: Client
  /** Of the backend that works for it; null: unknown, because a pooler is in between. */
  readonly processId: number | null
}

/**
 * Sees to it that nobody waits for ever. When nothing has come for `timeoutMs`, it asks on a connection of its own (one
 * more than the pool may have, for a moment) what the backend does; unless that is at work, the connection is broken off
 * with a transient_error.
 */
export class BackendWatch {
  readonly #config: Config
  readonly #client: typeof Client
  readonly #warn: Warn

  constructor(config: Config, route: Route, warn: Warn) {
    this.#config = config
    this.#client = clientClass(config, route)
    this.#warn = warn
  }

  /** `work`, an answer from the server. It fails with the transient_error when the connection is broken off. */
  async guard<Result>(awaited: Awaited, work: Promise<Result>): Promise<Result> {
    const stream = streamOf(awaited.client)
    let isSettled = false
    let seenBytes = stream.bytesRead
    const look = async (): Promise<void> => {
      const isSilent = stream.bytesRead === seenBytes
      seenBytes = stream.bytesRead
      const verdict = isSilent ? await this.#look(awaited.processId) : null
      if (isSettled) return
      if (verdict !== null && stream.bytesRead === seenBytes) this.#follow(verdict, awaited)
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

  #follow(verdict: Verdict, { client, processId }: Awaited): void {
    const silence = `The server has sent nothing for ${this.#config.timeoutMs / 1000} s (timeout_seconds)`
    if (verdict.isAtWork) {
      const wait = verdict.waitsFor === null ? '' : ` and waits for ${verdict.waitsFor}`
      this.#warn(`${silence}; its backend ${processId} is at work${wait}. The sync goes on.`)
      return
    }
    const message = `${silence}: ${verdict.reason}. Run the sync again, or raise timeout_seconds.`
    streamOf(client).destroy(new ConnectorError('transient_error', message))
  }

  async #look(processId: number | null): Promise<Verdict> {
    const reason = 'a pooler hides which backend works for us'
    if (processId === null) return { isAtWork: false, reason }
    const client = new this.#client()
    try {
      using deadline = new Deadline(2 * this.#config.connectTimeoutMs)
      deadline.signal.addEventListener('abort', () => streamOf(client).destroy(deadline.error))
      await client.connect()
      const { rows } = await client.query<BackendRow>(STATE_SQL, [processId])
      return judgeBackend(rows[0])
    } catch {
      return { isAtWork: false, reason: 'another connection to it fails, too' }
    } finally {
      streamOf(client).destroy()
    }
  }
}
