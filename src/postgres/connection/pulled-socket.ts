import type { Connection } from 'pg'
import { SocketTakeover } from './pg-internals.ts'

const READY_FOR_QUERY = 0x5a /* Z */

/** Reads a chunk from an offset on; returns where it stopped. */
export type Push = (chunk: Buffer, offset: number) => number

/** How long the socket fills before its next read, in milliseconds, from the bytes received so far and in the last read. */
export type FillTime = (receivedBytes: number, readBytes: number) => number

/** Watches over a wait for the server. */
export type Guard = (work: Promise<void>) => Promise<void>

/**
 * The bytes of a connection during one query, pulled chunk by chunk past pg's parser. The socket is paused while there
 * is a chunk that is not read, so that memory does not grow. The messages that `forward` is given go to pg's parser; with
 * ReadyForQuery the connection is pg's again.
 */
export class PulledSocket {
  receivedBytes = 0
  /** Milliseconds for which there was nothing to read. */
  waitedMs = 0
  readonly #push: Push
  readonly #guard: Guard
  readonly #fillTimeMs: FillTime
  readonly #chunks: Buffer[] = []
  #offset = 0
  #takeover: SocketTakeover | null = null
  #hasEnded = false
  #failure: Error | null = null
  #wake: (() => void) | null = null

  constructor(push: Push, guard: Guard, fillTimeMs: FillTime = () => 0) {
    this.#push = push
    this.#guard = guard
    this.#fillTimeMs = fillTimeMs
  }

  /** Begins to take the bytes. */
  take(connection: Connection): void {
    this.#takeover = new SocketTakeover(connection, this.#onData)
  }

  /** Whether ReadyForQuery has come. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether all that has come is read. */
  get isWaiting(): boolean {
    return this.#chunks.length === 0
  }

  /** Reads a part of what comes; false: the query has ended. @throws what `fail` was given. */
  async read(): Promise<boolean> {
    while (this.#chunks.length === 0) {
      if (this.#failure !== null) throw this.#failure
      if (this.#hasEnded) return false
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const startedMs = performance.now()
      await this.#guard(woken)
      this.waitedMs += performance.now() - startedMs
    }
    this.#readChunk(this.#chunks[0]!)
    if (this.#failure !== null) throw this.#failure
    return true
  }

  /** Reads to the end of the query, also after a failure. False: it did not end in time, or it failed again. */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#failure = null
    const timer = setTimeout(() => this.fail(new Error('The query did not end')), timeoutMs)
    try {
      while (await this.read());
      return true
    } catch {
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  /** Passes the message `bytes[start, end)` to pg's parser. */
  forward(bytes: Buffer, start: number, end: number): void {
    const isLast = bytes[start] === READY_FOR_QUERY
    if (isLast) this.#takeover?.release()
    this.#takeover?.forward(Buffer.from(bytes.subarray(start, end)))
    if (isLast) this.#hasEnded = true
  }

  /** Lets `read` fail. */
  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.receivedBytes += chunk.length
    this.#chunks.push(chunk)
    this.#takeover?.pause()
    this.#wake?.()
  }

  #readChunk(chunk: Buffer): void {
    this.#offset = this.#push(chunk, this.#offset)
    if (this.#takeover?.isReleased === true) this.#forwardRest(chunk)
    if (this.#offset < chunk.length) return
    this.#chunks.shift()
    this.#offset = 0
    if (this.#chunks.length === 0) this.#resume(chunk.length)
  }

  #resume(readBytes: number): void {
    const fillMs = this.#fillTimeMs(this.receivedBytes, readBytes)
    if (fillMs === 0) this.#takeover?.resume()
    else setTimeout(() => this.#takeover?.resume(), fillMs)
  }

  /** What follows ReadyForQuery in its chunk is for pg: a notice, or the error of a server that shuts down. */
  #forwardRest(chunk: Buffer): void {
    if (this.#offset < chunk.length) this.forward(chunk, this.#offset, chunk.length)
    this.#offset = chunk.length
  }
}
