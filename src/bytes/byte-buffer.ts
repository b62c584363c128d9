import { constants } from 'node:buffer'

/** Up to this length, a loop is faster than a call into the runtime. */
const SHORT_BYTES = 32

/**
 * Storage that a reused buffer keeps; a single huge value must not occupy memory for the rest of
 * the run.
 */
export const KEPT_BYTES = 2 ** 20

/**
 * A growing array of bytes to which all writers of output append. `length` is the number of bytes
 * in use.
 */
export class ByteBuffer {
  bytes: Buffer
  /** View of all of `bytes`, for writing words. */
  view: DataView
  length = 0
  readonly #firstBytes: number

  constructor(capacityBytes: number) {
    this.#firstBytes = capacityBytes
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes)
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, capacityBytes)
  }

  /** Makes room for `count` more bytes. Call it before writing to `bytes` or `view` directly. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count)
  }

  /** Empties the buffer. Storage that has grown beyond `keepBytes` is released. */
  reset(keepBytes = KEPT_BYTES): void {
    this.length = 0
    if (this.bytes.length > keepBytes) {
      this.replaceStorage(Buffer.allocUnsafeSlow(this.#firstBytes))
    }
  }

  /** Restarts at the beginning of other storage, which the caller no longer uses. */
  replaceStorage(bytes: Buffer): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.length = 0
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** Appends `bytes[start, end)`. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.reserve(count)
    const target = this.bytes
    const to = this.length
    if (count <= SHORT_BYTES) for (let i = 0; i < count; i++) target[to + i] = bytes[start + i]!
    else target.set(bytes.subarray(start, end), to)
    this.length = to + count
  }

  /** Appends a string of characters up to U+00FF, as one byte each. */
  latin1(text: string): void {
    const count = text.length
    this.reserve(count)
    const target = this.bytes
    const to = this.length
    if (count <= SHORT_BYTES) for (let i = 0; i < count; i++) target[to + i] = text.charCodeAt(i)
    else target.write(text, to, 'latin1')
    this.length = to + count
  }

  utf8(text: string): void {
    this.reserve(text.length * 3)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  #grow(count: number): void {
    const { length } = this
    const doubled = Math.min(this.bytes.length * 2, constants.MAX_LENGTH)
    const grown = Buffer.allocUnsafeSlow(Math.max(doubled, length + count))
    this.bytes.copy(grown, 0, 0, length)
    this.replaceStorage(grown)
    this.length = length
  }
}
