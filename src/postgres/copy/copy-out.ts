import type { Client, Connection, Submittable } from 'pg'
import type { CopyProgress, CopyReader } from './copier.ts'
import { SocketTakeover } from '../connection/pg-internals.ts'
import { CopyStream, type TupleSink } from '../../wire/copy-stream.ts'

const READY_FOR_QUERY = 0x5a /* Z */

/** What a COPY is for. */
export interface CopyTarget {
  readonly sink: TupleSink
  /** Called when the server is ready for other queries on this connection. */
  readonly onEnd: () => void
  /** Watches over a wait for the server. */
  readonly guard: (work: Promise<void>) => Promise<void>
}

/**
 * One simple query of one or more `COPY … TO STDOUT (FORMAT binary)`, pulled chunk by chunk. While it runs it owns the
 * socket: rows go straight from the socket's bytes to the sink; every other message goes on to pg's own parser, so that
 * errors, notices and the end arrive as they do for any query.
 */
export class CopyOut implements CopyReader, Submittable {
  receivedBytes = 0
  /** Milliseconds for which there was nothing to read. */
  waitedMs = 0
  readonly #sql: string
  readonly #onEnd: () => void
  readonly #guard: (work: Promise<void>) => Promise<void>
  readonly #stream: CopyStream
  /** What came and is not read yet. The socket is paused while there is any, so its memory stays as it is. */
  readonly #chunks: Buffer[] = []
  #offset = 0
  #takeover: SocketTakeover | null = null
  #statementEnded = false
  #isDone = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(client: Client, sql: string, { sink, onEnd, guard }: CopyTarget) {
    this.#sql = sql
    this.#onEnd = onEnd
    this.#guard = guard
    this.#stream = new CopyStream(sink, (bytes, start, end) => this.#forward(bytes, start, end))
    client.query(this)
  }

  async read(): Promise<CopyProgress> {
    for (;;) {
      if (this.#chunks.length > 0) return this.#readChunk()
      if (this.#failure !== null) throw this.#failure
      if (this.#isDone) return 'end'
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const startedMs = performance.now()
      await this.#guard(woken)
      this.waitedMs += performance.now() - startedMs
    }
  }

  /** Called by pg when the connection is free for this query. */
  submit(connection: Connection): void {
    this.#takeover = new SocketTakeover(connection, this.#onData)
    connection.query(this.#sql)
  }

  handleCommandComplete(): void {
    this.#statementEnded = true
  }

  handleReadyForQuery(): void {
    this.#isDone = true
    this.#onEnd()
    this.#wake?.()
  }

  handleError(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.receivedBytes += chunk.length
    this.#chunks.push(chunk)
    this.#takeover?.pause()
    this.#wake?.()
  }

  #readChunk(): CopyProgress {
    const chunk = this.#chunks[0]!
    this.#offset = this.#stream.push(chunk, this.#offset)
    if (this.#takeover?.isReleased === true) this.#forwardRest(chunk)
    if (this.#offset === chunk.length) {
      this.#chunks.shift()
      this.#offset = 0
      if (this.#chunks.length === 0) this.#takeover?.resume()
    }
    if (this.#failure !== null) throw this.#failure
    if (!this.#statementEnded) return 'rows'
    this.#statementEnded = false
    return 'statement'
  }

  #forward(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === READY_FOR_QUERY) this.#takeover?.release()
    this.#takeover?.forward(Buffer.from(bytes.subarray(start, end)))
  }

  /** What follows ReadyForQuery in its chunk is pg's: a notice, or the server's farewell. */
  #forwardRest(chunk: Buffer): void {
    if (this.#offset < chunk.length) this.#forward(chunk, this.#offset, chunk.length)
    this.#offset = chunk.length
  }
}
