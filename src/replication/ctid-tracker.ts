import type { TupleSink } from '../wire/copy-stream.ts'

/** int16 count, int32 length of the ctid, then its int32 page and int16 item. */
const CTID_BYTES = 6
const PAGE_OFFSET = 2 + 4
const FIRST_FIELD_END = PAGE_OFFSET + CTID_BYTES

/** Takes the ctid off the front of each tuple, remembers its page and passes on the rest. */
export class CtidTracker implements TupleSink {
  /** The page of the last row. */
  page = 0
  readonly #sink: TupleSink

  constructor(sink: TupleSink) {
    this.#sink = sink
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    if (end - start < FIRST_FIELD_END || bytes.readInt32BE(start + 2) !== CTID_BYTES) {
      throw new RangeError('damaged COPY stream: a row does not begin with its ctid')
    }
    const count = bytes.readInt16BE(start)
    this.page = bytes.readUInt32BE(start + PAGE_OFFSET)
    const rest = start + FIRST_FIELD_END - 2
    bytes.writeInt16BE(count - 1, rest)
    this.#sink.tuple(bytes, rest, end)
  }
}
