import type { TupleSink } from '../wire/copy-stream.ts'

const COUNT_BYTES = 2
const LENGTH_BYTES = 4
const CTID_BYTES = 6

/** What a tracker learns of the first field of each row; the bytes are only valid during the call. */
type Observe = (bytes: Buffer, start: number, end: number) => void

/** Takes the first field off each tuple, shows it to `observe` and passes on the rest. */
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
    this.#observe(bytes, fieldStart, fieldStart + length)
    const rest = fieldStart + length - COUNT_BYTES
    bytes.writeInt16BE(count - 1, rest)
    this.#sink.tuple(bytes, rest, end)
  }
}

/** Remembers the page of the last row: its field is the ctid, int32 page and int16 item. */
export class PageTracker {
  page = 0

  readonly observe: Observe = (bytes, start, end) => {
    if (end - start !== CTID_BYTES) throw new RangeError('damaged COPY stream: no ctid')
    this.page = bytes.readUInt32BE(start)
  }
}

/** A value of the cursor column in its wire form, and the number of rows in a row that had it. */
export interface ValueRun {
  readonly bytes: Buffer
  readonly rows: number
}

/** Follows rows that come ordered by the field. */
export class RunTracker {
  /** The last value behind which a row with another one has come; null before that. */
  completed: ValueRun | null = null
  #value: Buffer | null = null
  #rows = 0

  /** The value of the last rows so far; null before the first. */
  get current(): ValueRun | null {
    return this.#value === null ? null : { bytes: this.#value, rows: this.#rows }
  }

  readonly observe: Observe = (bytes, start, end) => {
    const value = this.#value
    if (value !== null && bytes.compare(value, 0, value.length, start, end) === 0) {
      this.#rows++
      return
    }
    this.completed = this.current
    this.#value = Buffer.from(bytes.subarray(start, end))
    this.#rows = 1
  }
}
