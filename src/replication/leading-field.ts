import type { TupleSink } from '../wire/copy-stream.ts'
import { COUNT_BYTES, LENGTH_BYTES } from '../wire/tuple.ts'

const CTID_BYTES = 6
const PAGE_BYTES = 4

/** What a tracker learns of the first field of each row; the bytes are only valid during the call. */
type Observe = (bytes: Buffer, start: number, end: number) => void

/** Takes the first field off each tuple, passes on the rest and then shows the field to `observe`. */
export class LeadingField implements TupleSink {
  readonly #sink: TupleSink
  readonly #observe: Observe

  constructor(sink: TupleSink, observe: Observe) {
    this.#sink = sink
    this.#observe = observe
  }

  /** @throws RangeError if the first field is not there or null. */
  tuple(bytes: Buffer, start: number, end: number): void {
    const count = bytes.readInt16BE(start)
    const fieldStart = start + COUNT_BYTES + LENGTH_BYTES
    const length = bytes.readInt32BE(start + COUNT_BYTES)
    if (count < 1 || length < 0 || fieldStart + length > end) {
      throw new RangeError('damaged COPY stream: a row does not begin with its tracked field')
    }
    const rest = fieldStart + length - COUNT_BYTES
    const covered = bytes.readInt16BE(rest)
    bytes.writeInt16BE(count - 1, rest)
    this.#sink.tuple(bytes, rest, end)
    bytes.writeInt16BE(covered, rest)
    this.#observe(bytes, fieldStart, fieldStart + length)
  }
}

/** Remembers the tid of the last row: its field is the ctid, int32 page and int16 index within it. */
export class TidTracker {
  page = 0
  tuple = 0

  readonly observe: Observe = (bytes, start, end) => {
    if (end - start !== CTID_BYTES) throw new RangeError('damaged COPY stream: no ctid')
    this.page = bytes.readUInt32BE(start)
    this.tuple = bytes.readUInt16BE(start + PAGE_BYTES)
  }
}

/** A value of the cursor column in its wire form, and the number of successive rows that have it. */
export interface ValueGroup {
  readonly bytes: Buffer
  readonly rows: number
}

/** Follows rows that come ordered by the field. */
export class GroupTracker {
  #current = new Group()
  #completed = new Group()

  /** The last value that was followed by another one; null before that. */
  get completed(): ValueGroup | null {
    return this.#completed.copy()
  }

  /** The value of the last rows so far; null before the first. */
  get current(): ValueGroup | null {
    return this.#current.copy()
  }

  readonly observe: Observe = (bytes, start, end) => {
    if (this.#current.has(bytes, start, end)) {
      this.#current.rows++
      return
    }
    const completed = this.#current
    this.#current = this.#completed
    this.#completed = completed
    this.#current.begin(bytes, start, end)
  }
}

/** A group whose memory is used again for a later one. */
class Group {
  rows = 0
  #bytes = Buffer.alloc(64)
  #length = 0

  has(bytes: Buffer, start: number, end: number): boolean {
    if (this.rows === 0 || end - start !== this.#length) return false
    for (let i = 0; i < this.#length; i++) if (this.#bytes[i] !== bytes[start + i]) return false
    return true
  }

  begin(bytes: Buffer, start: number, end: number): void {
    this.#length = end - start
    if (this.#length > this.#bytes.length) this.#bytes = Buffer.alloc(2 * this.#length)
    for (let i = 0; i < this.#length; i++) this.#bytes[i] = bytes[start + i]!
    this.rows = 1
  }

  copy(): ValueGroup | null {
    if (this.rows === 0) return null
    return { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), rows: this.rows }
  }
}
