import type { Connection } from 'pg'
import { SocketTakeover } from './pg-internals.ts'

const READY_FOR_QUERY = 0x5a /* Z */

/** Reads a chunk from an offset on; returns the position where it stopped. */
export type Push = (chunk: Buffer, offset: number) => number

/**
 * Returns how many milliseconds to wait before the next read, from the bytes received so far and in
 * the last read.
 */
export type FillTime = (receivedBytes: number, readBytes: number) => number

/** Monitors a wait for the server. */
export type Guard = <Result>(work: Promise<Result>) => Promise<Result>

/**
 * The bytes of a connection during one query, pulled chunk by chunk in place of pg's parser. The
 * socket is paused while a chunk has not been read, so that memory does not grow. The messages
 * passed to `forward` go to pg's parser. After ReadyForQuery, pg's parser receives the bytes again.
 */
export class PulledSocket {
  receivedBytes = 0
  /** Milliseconds spent waiting for data. */
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

  /** Starts to receive the bytes. */
  take(connection: Connection): void {
    this.#takeover = new SocketTakeover(connection, this.#onData)
  }

  /** Whether ReadyForQuery was received. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether all received data has been read. */
  get isWaiting(): boolean {
    return this.#chunks.length === 0
  }

  /** The last error passed to `fail`. `read` throws it after the received data. */
  get failure(): Error | null {
    return this.#failure
  }

  /**
   * Reads a part of the received data; false: the query has ended. @throws the error passed to
   * `fail`, when all received data has been read.
   */
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
    return true
  }

  /**
   * Reads to the end of the query, also after a failure. Returns false if it did not end in time,
   * or failed again.
   */
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

  /** Makes `read` fail after the received data. */
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

  /**
   * Passes data after ReadyForQuery in the same chunk to pg: a notice, or the error of a server
   * that shuts down.
   */
  #forwardRest(chunk: Buffer): void {
    if (this.#offset < chunk.length) this.forward(chunk, this.#offset, chunk.length)
    this.#offset = chunk.length
  }
}
