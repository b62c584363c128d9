import { viewOf } from '../bytes/byte-view.ts'

/** Type byte and length of a message. */
export const HEADER_BYTES = 5
/** The server cannot build a larger message: MaxAllocSize. */
const MAX_MESSAGE_BYTES = 0x3fff_ffff + HEADER_BYTES

/**
 * A message that is torn between chunks of a socket. It is assembled in a buffer of its exact size, so that one of
 * hundreds of megabytes is copied once.
 */
export class TornMessage {
  readonly #stream: string
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #message: Buffer | null = null
  #bytes = 0

  /** @param stream What the messages are part of, for error messages. */
  constructor(stream: string) {
    this.#stream = stream
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** Size of the message at `at`, header included. @throws RangeError if no message has that size. */
  sizeAt(bytes: Buffer, at: number): number {
    const length = viewOf(bytes).getInt32(at + 1)
    if (length < 4 || length > MAX_MESSAGE_BYTES) {
      throw new RangeError(`damaged ${this.#stream}: impossible message length`)
    }
    return length + 1
  }

  /** Keeps the beginning of a message: `chunk` from `at` on. */
  begin(chunk: Buffer, at: number): void {
    const count = chunk.length - at
    if (count < HEADER_BYTES) chunk.copy(this.#header, 0, at)
    else {
      this.#message = Buffer.allocUnsafe(this.sizeAt(chunk, at))
      chunk.copy(this.#message, 0, at)
    }
    this.#bytes = count
  }

  /** Adds what `chunk` has of the message from `at` on; returns the position after it. */
  extend(chunk: Buffer, at: number): number {
    let next = at
    while (next < chunk.length) {
      if (this.#message === null && this.#bytes === HEADER_BYTES) {
        this.#message = Buffer.allocUnsafe(this.sizeAt(this.#header, 0))
        this.#header.copy(this.#message)
      }
      const target = this.#message ?? this.#header
      const missing = target.length - this.#bytes
      if (missing === 0) return next
      const copied = chunk.copy(target, this.#bytes, next, next + missing)
      this.#bytes += copied
      next += copied
    }
    return next
  }

  /** The message if it is complete; it is no longer kept then. */
  take(): Buffer | null {
    const message = this.#message
    if (message === null || this.#bytes < message.length) return null
    this.#message = null
    this.#bytes = 0
    return message
  }
}
