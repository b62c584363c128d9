import { ByteBuffer } from '../bytes/byte-buffer.ts'
import type { TupleSink } from '../wire/copy-stream.ts'

const FIRST_BYTES = 64 * 1024
const LENGTH_BYTES = 4

/**
 * Rows of one statement that were read ahead of their turn, as the server sent them: what a sink learns from a row, it
 * must learn in the order of the rows.
 */
export class TupleBlock implements TupleSink {
  /** Whether the statement has no more rows. */
  isWhole = false
  readonly #rows = new ByteBuffer(FIRST_BYTES)
  #start = 0

  /** Bytes of the rows that are left. */
  get bytes(): number {
    return this.#rows.length - this.#start
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    const rows = this.#rows
    rows.reserve(LENGTH_BYTES + end - start)
    rows.view.setUint32(rows.length, end - start)
    rows.length += LENGTH_BYTES
    rows.copy(bytes, start, end)
  }

  /** Moves rows to `sink` until it has at least `minBytes` of them, or all. */
  moveTo(sink: TupleSink, minBytes: number): void {
    const { bytes, view, length } = this.#rows
    const limit = Math.min(this.#start + minBytes, length)
    while (this.#start < limit) {
      const start = this.#start + LENGTH_BYTES
      this.#start = start + view.getUint32(this.#start)
      sink.tuple(bytes, start, this.#start)
    }
    if (this.#start === length) {
      this.#start = 0
      this.#rows.length = 0
    }
  }
}
