import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { COPY_DATA, type RowsTaken, rowMessageBytes, type TupleSink } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import { COUNT_BYTES, LENGTH_BYTES } from '../wire/tuple.ts'

const CTID_BYTES = 6
const PAGE_BYTES = 4

/** Receives the first field of each row; the bytes are only valid during the call. */
type Observe = (bytes: Buffer, start: number, end: number) => void

/** A sink that counts its rows. */
type CountingSink = TupleSink & { readonly rows: number }

const FIRST_BYTES = 256 * 1024

/**
 * Removes the first field of each tuple, passes on the rest and then passes the field to `observe`.
 */
export class LeadingField implements TupleSink {
  readonly #sink: CountingSink
  readonly #observe: Observe
  /** Messages without the first field. */
  readonly #messages = new ByteBuffer(FIRST_BYTES)

  constructor(sink: CountingSink, observe: Observe) {
    this.#sink = sink
    this.#observe = observe
  }

  /** @throws RangeError if the first field is missing or null. */
  tuple(bytes: Buffer, start: number, end: number): void {
    const fieldEnd = fieldEndOf(bytes, start, end)
    if (fieldEnd === null) {
      throw new RangeError('damaged COPY stream: a row does not begin with its tracked field')
    }
    const rest = fieldEnd - COUNT_BYTES
    const covered = bytes.readInt16BE(rest)
    bytes.writeInt16BE(bytes.readInt16BE(start) - 1, rest)
    this.#sink.tuple(bytes, rest, end)
    bytes.writeInt16BE(covered, rest)
    this.#observe(bytes, start + COUNT_BYTES + LENGTH_BYTES, fieldEnd)
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    const messages = this.#copyRows(bytes, start, end)
    const { rows } = this.#sink
    let next = start
    let taken: RowsTaken | null = null
    try {
      taken = this.#sink.takeRows?.(messages.bytes, 0, messages.length) ?? null
    } finally {
      next = this.#observeRows(bytes, start, this.#sink.rows - rows)
    }
    return taken && { rows: taken.rows, end: next }
  }

  /** Copies rows up to the first one without its field. */
  #copyRows(bytes: Buffer, start: number, end: number): ByteBuffer {
    const messages = this.#messages
    messages.reset()
    for (let at = start; ;) {
      const size = rowMessageBytes(bytes, at, end)
      const fieldEnd = size === 0 ? null : fieldEndOf(bytes, at + HEADER_BYTES, at + size)
      if (fieldEnd === null) return messages
      const count = viewOf(bytes).getInt16(at + HEADER_BYTES) - 1
      at += size
      messages.reserve(HEADER_BYTES + COUNT_BYTES + at - fieldEnd)
      const to = messages.length
      messages.view.setUint8(to, COPY_DATA)
      messages.view.setUint32(to + 1, LENGTH_BYTES + COUNT_BYTES + at - fieldEnd)
      messages.view.setInt16(to + HEADER_BYTES, count)
      messages.length = to + HEADER_BYTES + COUNT_BYTES
      messages.copy(bytes, fieldEnd, at)
    }
  }

  /** Passes the fields of this many rows to `observe`; returns the position after the last one. */
  #observeRows(bytes: Buffer, start: number, count: number): number {
    const view = viewOf(bytes)
    let at = start
    for (let row = 0; row < count; row++) {
      const field = at + HEADER_BYTES + COUNT_BYTES + LENGTH_BYTES
      this.#observe(bytes, field, field + view.getInt32(field - LENGTH_BYTES))
      at += 1 + view.getUint32(at + 1)
    }
    return at
  }
}

/** Returns the end of the first field of a tuple; null: it is missing or null. */
function fieldEndOf(bytes: Buffer, start: number, end: number): number | null {
  const fieldStart = start + COUNT_BYTES + LENGTH_BYTES
  if (fieldStart > end) return null
  const view = viewOf(bytes)
  const length = view.getInt32(start + COUNT_BYTES)
  const isThere = view.getInt16(start) > 0 && length >= 0 && fieldStart + length <= end
  return isThere ? fieldStart + length : null
}

/**
 * Stores the tid of the last row. Its field is the ctid: int32 page and int16 index within the
 * page.
 */
export class TidTracker {
  page = 0
  tuple = 0

  readonly observe: Observe = (bytes, start, end) => {
    if (end - start !== CTID_BYTES) throw new RangeError('damaged COPY stream: no ctid')
    this.page = bytes.readUInt32BE(start)
    this.tuple = bytes.readUInt16BE(start + PAGE_BYTES)
  }
}

/** A value of the cursor column in its wire form, and the number of successive rows with it. */
export interface ValueGroup {
  readonly bytes: Buffer
  readonly rows: number
}

/** Tracks rows that are ordered by the field. */
export class GroupTracker {
  #current = new Group()
  #completed = new Group()

  /** The last value that was followed by another one; null: none yet. */
  get completed(): ValueGroup | null {
    return this.#completed.copy()
  }

  /** The value of the last rows so far; null: no row yet. */
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

/** A group whose memory is reused for later groups. */
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
