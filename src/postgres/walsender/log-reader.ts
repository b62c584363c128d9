import type { Client, Connection, Submittable } from 'pg'
import type { LogCommit } from '../../wire/pgoutput.ts'
import { ReplicationStream, type ReplicationVisitor } from '../../wire/replication-stream.ts'
import { type Guard, PulledSocket } from '../connection/pulled-socket.ts'
import { streamOf } from '../connection/pg-internals.ts'
import { statusIntervalMs, statusUpdate } from './status-updates.ts'

const COPY_BOTH_RESPONSE = 0x57 /* W */
const COPY_DONE = Buffer.from([0x63 /* c */, 0, 0, 0, 4])
/**
 * Time without a byte after which the position of the server is requested. It doubles while nothing
 * is received. PostgreSQL 12 does not always report the end of the log by itself.
 */
const FIRST_REQUEST_MS = 100
/**
 * Maximum time that the server may take to end the stream: it first sends the rest of a
 * transaction.
 */
const STOP_MS = 2000

/** Parameters for reading a log. */
export interface LogReaderOptions {
  /** The command START_REPLICATION. */
  readonly command: string
  readonly visitor: ReplicationVisitor
  /** `wal_sender_timeout` of the session; 0: none. */
  readonly timeoutMs: number
  /** Initial acknowledged position. */
  readonly acknowledged: bigint
  readonly guard: Guard
  /** Explains an error of the server. @param isStreaming whether the stream had begun. */
  readonly explain: (error: Error, isStreaming: boolean) => Error
}

/**
 * Reads the log of a slot, chunk by chunk. A timer sends status updates with the acknowledged
 * position, also while the caller does not read. The socket is then paused, so memory does not
 * grow.
 */
export class LogReader implements Submittable, AsyncDisposable {
  readonly #client: Client
  readonly #options: LogReaderOptions
  readonly #stream: ReplicationStream
  readonly #socket: PulledSocket
  #timer: NodeJS.Timeout | null = null
  #acknowledged: bigint
  #received = 0n
  #bytesAtTick = 0
  /** Time of the last status update. */
  #sentMs = 0
  #isStreaming = false
  #isRejected = false

  constructor(client: Client, options: LogReaderOptions) {
    this.#client = client
    this.#options = options
    this.#acknowledged = options.acknowledged
    this.#stream = new ReplicationStream(this.#follow(options.visitor), this.#onMessage)
    const push = (chunk: Buffer, offset: number): number => this.#stream.push(chunk, offset)
    this.#socket = new PulledSocket(push, options.guard)
    client.query(this)
  }

  /** Bytes received from the server. */
  get receivedBytes(): number {
    return this.#socket.receivedBytes
  }

  /** Milliseconds spent waiting for data. */
  get waitedMs(): number {
    return this.#socket.waitedMs
  }

  /** Whether the visitor has received the beginning of a transaction but not its end. */
  get isInTransaction(): boolean {
    return this.#stream.isInTransaction
  }

  /** Whether the server has accepted the command. */
  get isStreaming(): boolean {
    return this.#isStreaming
  }

  /** Position up to which the server may remove the log. */
  get acknowledged(): bigint {
    return this.#acknowledged
  }

  /** Waits until the server has accepted the command. @throws ConnectorError if it rejects it. */
  async start(): Promise<void> {
    while (!this.#isStreaming && (await this.#socket.read()));
  }

  /**
   * Waits for one socket chunk and reads it, up to where the visitor stops; false: the server has
   * ended the stream. @throws ConnectorError, after the data received before the failure.
   */
  async read(): Promise<boolean> {
    return await this.#socket.read()
  }

  /**
   * Allows the server to remove the log up to `lsn`, and sends a status update. A position before
   * the last one has no effect.
   */
  acknowledge(lsn: bigint): void {
    if (lsn <= this.#acknowledged) return
    this.#acknowledged = lsn
    if (this.#isStreaming) this.#sendStatus()
  }

  /** Makes a waiting read fail with `reason`. */
  abort(reason: Error): void {
    this.#socket.fail(reason)
  }

  /**
   * Ends the stream; the slot is free when this resolves. Within a large transaction, the server
   * does not process messages: then the connection is closed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer()
    if (this.#socket.hasEnded) return
    const stream = streamOf(this.#client)
    const isEnded = stream.writable && this.#requestEnd() && (await this.#socket.drain(STOP_MS))
    if (!isEnded) stream.destroy()
  }

  /** Called by pg when the connection is free for this query. */
  submit(connection: Connection): void {
    this.#socket.take(connection)
    connection.query(this.#options.command)
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows
  }

  handleReadyForQuery(): void {
    this.#stopTimer()
  }

  handleError(error: Error): void {
    this.#stopTimer()
    this.#isRejected = true
    this.#socket.fail(this.#options.explain(error, this.#isStreaming))
  }

  readonly #onMessage = (bytes: Buffer, start: number, end: number): void => {
    if (bytes[start] === COPY_BOTH_RESPONSE) this.#begin()
    this.#socket.forward(bytes, start, end)
  }

  #begin(): void {
    this.#isStreaming = true
    this.#sendStatus()
    this.#schedule(FIRST_REQUEST_MS)
  }

  #schedule(afterMs: number): void {
    this.#timer = setTimeout(() => this.#tick(afterMs), afterMs).unref()
  }

  /**
   * Requests an answer if nothing was received since the last tick: it has the position of the
   * server, and shows that the connection is not lost.
   */
  #tick(afterMs: number): void {
    const intervalMs = statusIntervalMs(this.#options.timeoutMs)
    const isSilent = this.#socket.receivedBytes === this.#bytesAtTick && this.#socket.isWaiting
    this.#bytesAtTick = this.#socket.receivedBytes
    if (isSilent || performance.now() - this.#sentMs >= intervalMs) this.#sendStatus(isSilent)
    this.#schedule(Math.min(isSilent ? 2 * afterMs : FIRST_REQUEST_MS, intervalMs))
  }

  #sendStatus(isReplyRequested = false): void {
    const stream = streamOf(this.#client)
    if (!stream.writable) return
    const received = this.#received > this.#acknowledged ? this.#received : this.#acknowledged
    const status = { received, flushed: this.#acknowledged, isReplyRequested }
    stream.write(statusUpdate(status, Date.now()))
    this.#sentMs = performance.now()
  }

  /** Wraps the visitor to record what status updates need. */
  #follow(visitor: ReplicationVisitor): ReplicationVisitor {
    const receive = (lsn: bigint): void => {
      if (lsn > this.#received) this.#received = lsn
    }
    return {
      begin: (begin) => visitor.begin(begin),
      commit: (commit: LogCommit) => {
        receive(commit.endLsn)
        return visitor.commit(commit)
      },
      origin: (name) => visitor.origin(name),
      relation: (relation) => visitor.relation(relation),
      type: (oid, schema, name) => visitor.type(oid, schema, name),
      truncate: (relations, options) => visitor.truncate(relations, options),
      message: (message) => visitor.message(message),
      keepalive: (walEnd, isReplyRequested) => {
        receive(walEnd)
        const isDone = visitor.keepalive(walEnd, isReplyRequested)
        // Some servers report their position once, and wait for an answer before the next report
        if (isReplyRequested || !isDone) this.#sendStatus()
        return isDone
      },
    }
  }

  /**
   * Whether the server will end the command: it has rejected it, or the end was requested.
   */
  #requestEnd(): boolean {
    this.#stream.discard()
    if (!this.#isStreaming) return this.#isRejected
    this.#sendStatus()
    streamOf(this.#client).write(COPY_DONE)
    return true
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
