import type { Client, ClientConfig } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/config.ts'
import { parseLsn } from '../../lsn.ts'
import type { ReplicationVisitor } from '../../wire/replication-stream.ts'
import { unlessAborted } from '../connection/deadline.ts'
import { streamOf } from '../connection/pg-internals.ts'
import type { Guard } from '../connection/pulled-socket.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { startupOptions, textSettings } from '../connection/text-settings.ts'
import { LogReader } from './log-reader.ts'
import { type LogOptions, startReplication } from './start-replication.ts'
import { parseTimelineHistory, type TimelineEnds } from './timeline-history.ts'
import { streamingError } from './walsender-error.ts'

/** Maximum time for closing the connection. */
const END_MS = 500
const TIMEOUT_SQL = `
SELECT s.setting AS "timeoutMs" FROM pg_catalog.pg_settings AS s WHERE s.name OPERATOR(pg_catalog.=) 'wal_sender_timeout'`

/** Result of IDENTIFY_SYSTEM. */
export interface SystemIdentity {
  /** Identifier of the cluster; its standbys have the same. */
  readonly systemId: string
  readonly timeline: number
  /** Position up to which the log is flushed, or replayed on a standby. */
  readonly flushedLsn: bigint
}

interface IdentityRow {
  readonly systemid: string
  readonly timeline: number | string
  readonly xlogpos: string
}

export interface WalSenderParts {
  /** A client that is not connected yet, created with `replicationOptions`. */
  readonly client: Client
  readonly server: ServerFacts
  /** Ends every wait for the server with its reason. */
  readonly signal: AbortSignal
  /** Monitors the waits for answers to the client. */
  readonly guard: Guard
}

/** Options of a client for a replication connection. The settings override those of the role. */
export function replicationOptions(
  { serverOptions }: Config,
  server: ServerFacts,
): ClientConfig & { readonly replication: 'database' } {
  // A standby rejects every query of a serializable session
  const isolation = { default_transaction_isolation: 'read committed' }
  const pinned = startupOptions({ ...textSettings(server), ...isolation })
  const options = serverOptions === null ? pinned : `${serverOptions} ${pinned}`
  return { replication: 'database', options }
}

/** A connection that can read the log: a walsender on the server. */
export class WalSender implements AsyncDisposable {
  readonly identity: SystemIdentity
  readonly #parts: WalSenderParts
  /** `wal_sender_timeout`; 0: none. */
  readonly timeoutMs: number
  #reader: LogReader | null = null

  private constructor(parts: WalSenderParts, identity: SystemIdentity, timeoutMs: number) {
    this.#parts = parts
    this.identity = identity
    this.timeoutMs = timeoutMs
    parts.signal.addEventListener('abort', this.#onAbort)
  }

  /** @throws the error of the server, or the reason of the signal. */
  static async open(parts: WalSenderParts): Promise<WalSender> {
    const { client, signal, guard } = parts
    try {
      await client.connect()
      return await unlessAborted(guard(WalSender.#identify(parts)), signal)
    } catch (error) {
      streamOf(client).destroy()
      throw error
    }
  }

  static async #identify(parts: WalSenderParts): Promise<WalSender> {
    const { client, server } = parts
    if (server.encoding === 'SQL_ASCII') await client.query("SET client_encoding = 'SQL_ASCII'")
    const { rows: identities } = await client.query<IdentityRow>('IDENTIFY_SYSTEM')
    const { rows: settings } = await client.query<{ timeoutMs: string }>(TIMEOUT_SQL)
    const { systemid: systemId, timeline, xlogpos } = identities[0]!
    const identity = {
      systemId,
      timeline: Number(timeline),
      flushedLsn: parseLsn(xlogpos),
    }
    return new WalSender(parts, identity, Number(settings[0]!.timeoutMs))
  }

  /**
   * Reads the timelines before `timeline` and where each ended. @throws the error of the server.
   */
  async readTimelines(timeline: number): Promise<TimelineEnds> {
    const { client, guard, signal } = this.#parts
    const result = client.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`)
    const { rows } = await unlessAborted(guard(result), signal)
    return parseTimelineHistory(rows[0]!.content.toString())
  }

  /** Process ID of the walsender. */
  get processId(): number {
    return this.#parts.client.processID
  }

  /**
   * Starts to read the log of a slot. Its changes are passed to `visitor` while `LogReader.read`
   * runs. Another read can be started after a refusal, when the reader has been disposed of, but
   * not after a stream: the server ends a second one at once.
   * @param acknowledged position up to which the server may remove the log; 0: nothing is
   * acknowledged.
   */
  read(options: LogOptions, visitor: ReplicationVisitor, acknowledged = 0n): LogReader {
    const { client, server, signal, guard } = this.#parts
    signal.throwIfAborted()
    if (this.#reader?.isStreaming === true) throw new Error('The session has read a log already')
    this.#reader = new LogReader(client, {
      command: startReplication(options, server.major),
      visitor,
      timeoutMs: this.timeoutMs,
      acknowledged,
      guard,
      explain: (error, isStreaming) => streamingError(error, options, isStreaming),
    })
    return this.#reader
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { client, signal } = this.#parts
    signal.removeEventListener('abort', this.#onAbort)
    await this.#reader?.[Symbol.asyncDispose]()
    await Promise.race([client.end(), sleep(END_MS, undefined, { ref: false })])
    streamOf(client).destroy()
  }

  readonly #onAbort = (): void => {
    this.#reader?.abort(abortReason(this.#parts.signal))
  }
}

function abortReason({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
