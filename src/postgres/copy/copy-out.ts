import type { Client, Connection, Submittable } from 'pg'
import type { CopyProgress, ExtensibleCopy } from './copier.ts'
import { type Guard, PulledSocket } from '../connection/pulled-socket.ts'
import { fillTimeMs } from './fill-time.ts'
import { CopyStream, type TupleSink } from '../../wire/copy-stream.ts'

const READY_FOR_QUERY = 0x5a /* Z */

/** Receiver of a COPY. */
export interface CopyTarget {
  readonly sink: TupleSink
  /** Called when the server is ready for other queries on this connection. */
  readonly onEnd: () => void
  /** Called when it fails, which also ends the transaction. */
  readonly onError: () => void
  readonly guard: Guard
}

/**
 * One or more simple queries of `COPY … TO STDOUT (FORMAT binary)`, pulled chunk by chunk. While
 * they run, they own the socket: rows are passed from the socket's bytes to the sink, and every
 * other message to pg's own parser, so that errors, notices and the end are handled as for any
 * query.
 */
export class CopyOut implements ExtensibleCopy, Submittable {
  readonly #onEnd: () => void
  readonly #onError: () => void
  readonly #socket: PulledSocket
  /** Queries that have not been sent. */
  readonly #unsent: string[]
  /** Number of queries without a ReadyForQuery. */
  #pending = 1
  #connection: Connection | null = null
  #statementEnded = false

  constructor(
    client: Client,
    selects: readonly string[],
    { sink, onEnd, onError, guard }: CopyTarget,
  ) {
    this.#unsent = [queryOf(selects)]
    this.#onEnd = onEnd
    this.#onError = onError
    const stream = new CopyStream(sink, (bytes, start, end) => this.#forward(bytes, start, end))
    const push = (chunk: Buffer, offset: number): number => stream.push(chunk, offset)
    this.#socket = new PulledSocket(push, guard, fillTimeMs)
    client.query(this)
  }

  get receivedBytes(): number {
    return this.#socket.receivedBytes
  }

  /** Milliseconds spent waiting for data. */
  get waitedMs(): number {
    return this.#socket.waitedMs
  }

  async read(): Promise<CopyProgress> {
    if (!(await this.#socket.read())) return 'end'
    // At once, so that the caller adds no further statement
    if (this.#socket.failure !== null) throw this.#socket.failure
    if (!this.#statementEnded) return 'rows'
    this.#statementEnded = false
    return 'statement'
  }

  /** Called by pg when the connection is free for this query. */
  submit(connection: Connection): void {
    this.#socket.take(connection)
    this.#connection = connection
    this.#send()
  }

  get isDone(): boolean {
    return this.#socket.hasEnded
  }

  append(select: string): void {
    if (this.isDone) throw new Error('The COPY has ended')
    this.#pending++
    this.#unsent.push(queryOf([select]))
    this.#send()
  }

  handleCommandComplete(): void {
    this.#statementEnded = true
  }

  handleReadyForQuery(): void {
    this.#onEnd()
  }

  handleError(error: Error): void {
    this.#onError()
    this.#socket.fail(error)
  }

  /** Sends several queries without waiting; the server runs them in sequence. */
  #send(): void {
    if (this.#connection === null) return
    for (const sql of this.#unsent.splice(0)) this.#connection.query(sql)
  }

  /** For pg they are one query, which ends with the last of them. */
  #forward(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === READY_FOR_QUERY && --this.#pending > 0) return
    this.#socket.forward(bytes, start, end)
  }
}

function queryOf(selects: readonly string[]): string {
  return selects.map((select) => `COPY (${select}) TO STDOUT (FORMAT binary)`).join(';\n')
}
