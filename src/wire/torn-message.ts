import { viewOf } from '../bytes/byte-view.ts'

/** Size of the type byte and the length of a message. */
export const HEADER_BYTES = 5
/** Maximum size of a message that the server can build: MaxAllocSize. */
const MAX_MESSAGE_BYTES = 0x3fff_ffff + HEADER_BYTES

/**
 * A message that is split between chunks of a socket. It is assembled in a buffer of its exact
 * size, so that hundreds of megabytes are copied only once.
 */
export class TornMessage {
  readonly #stream: string
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #message: Buffer | null = null
  #bytes = 0

  /** @param stream the stream of which the messages are part, for error messages. */
  constructor(stream: string) {
    this.#stream = stream
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /**
   * Size of the message at `at`, including its header. @throws RangeError if no message can have
   * that size.
   */
  sizeAt(bytes: Buffer, at: number): number {
    const length = viewOf(bytes).getInt32(at + 1)
    if (length < 4 || length > MAX_MESSAGE_BYTES) {
      throw new RangeError(`damaged ${this.#stream}: impossible message length`)
    }
    return length + 1
  }

  /** Stores the beginning of a message: `chunk` from `at` on. */
  begin(chunk: Buffer, at: number): void {
    const count = chunk.length - at
    if (count < HEADER_BYTES) chunk.copy(this.#header, 0, at)
    else {
      this.#message = Buffer.allocUnsafe(this.sizeAt(chunk, at))
      chunk.copy(this.#message, 0, at)
    }
    this.#bytes = count
  }

  /**
   * Appends the part of the message that `chunk` has from `at` on; returns the position after it.
   */
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

  /** Returns the message and releases it if it is complete. */
  take(): Buffer | null {
    const message = this.#message
    if (message === null || this.#bytes < message.length) return null
    this.#message = null
    this.#bytes = 0
    return message
  }
}
