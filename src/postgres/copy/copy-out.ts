import type { Client, Connection, Submittable } from 'pg'
import type { CopyProgress, CopyReader } from './copier.ts'
import { type Guard, PulledSocket } from '../connection/pulled-socket.ts'
import { fillTimeMs } from './fill-time.ts'
import { CopyStream, type TupleSink } from '../../wire/copy-stream.ts'

/** What a COPY is for. */
export interface CopyTarget {
  readonly sink: TupleSink
  /** Called when the server is ready for other queries on this connection. */
  readonly onEnd: () => void
  readonly guard: Guard
}

/**
 * One simple query of one or more `COPY … TO STDOUT (FORMAT binary)`, pulled chunk by chunk. While it runs it owns the
 * socket: rows go straight from the socket's bytes to the sink; every other message goes on to pg's own parser, so that
 * errors, notices and the end arrive as they do for any query.
 */
export class CopyOut implements CopyReader, Submittable {
  readonly #sql: string
  readonly #onEnd: () => void
  readonly #socket: PulledSocket
  #statementEnded = false

  constructor(client: Client, sql: string, { sink, onEnd, guard }: CopyTarget) {
    this.#sql = sql
    this.#onEnd = onEnd
    const stream = new CopyStream(sink, (bytes, start, end) => {
      this.#socket.forward(bytes, start, end)
    })
    const push = (chunk: Buffer, offset: number): number => stream.push(chunk, offset)
    this.#socket = new PulledSocket(push, guard, fillTimeMs)
    client.query(this)
  }

  get receivedBytes(): number {
    return this.#socket.receivedBytes
  }

  /** Milliseconds for which there was nothing to read. */
  get waitedMs(): number {
    return this.#socket.waitedMs
  }

  async read(): Promise<CopyProgress> {
    if (!(await this.#socket.read())) return 'end'
    if (!this.#statementEnded) return 'rows'
    this.#statementEnded = false
    return 'statement'
  }

  /** Called by pg when the connection is free for this query. */
  submit(connection: Connection): void {
    this.#socket.take(connection)
    connection.query(this.#sql)
  }

  handleCommandComplete(): void {
    this.#statementEnded = true
  }

  handleReadyForQuery(): void {
    this.#onEnd()
  }

  handleError(error: Error): void {
    this.#socket.fail(error)
  }
}
