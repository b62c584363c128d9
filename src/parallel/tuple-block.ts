import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { COPY_DATA, type RowsTaken, rowMessageBytes, type TupleSink } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'

const FIRST_BYTES = 64 * 1024
/** Storage beyond this size is released, of a single block and of all spare blocks. */
const KEPT_BYTES = 8 * 2 ** 20
const LENGTH_BYTES = 4

/**
 * Rows of one statement that were read ahead of their turn, as CopyData messages. They are passed
 * to the sink only when their turn comes, because a sink must process rows in their order.
 */
export class TupleBlock implements TupleSink {
  /** Whether the statement has no more rows. */
  isWhole = false
  readonly #rows = new ByteBuffer(FIRST_BYTES)
  #start = 0

  /** Size of the remaining rows in bytes. */
  get bytes(): number {
    return this.#rows.length - this.#start
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    const rows = this.#rows
    rows.reserve(HEADER_BYTES + end - start)
    rows.byte(COPY_DATA)
    rows.view.setUint32(rows.length, LENGTH_BYTES + end - start)
    rows.length += LENGTH_BYTES
    rows.copy(bytes, start, end)
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken {
    let rows = 0
    let at = start
    for (let size = rowMessageBytes(bytes, at, end); size > 0;) {
      rows++
      at += size
      size = rowMessageBytes(bytes, at, end)
    }
    this.#rows.copy(bytes, start, at)
    return { rows, end: at }
  }

  /** Size of its storage in bytes. */
  get capacity(): number {
    return this.#rows.bytes.length
  }

  /** Moves rows to `sink` until it has at least `minBytes` of them, or all. */
  moveTo(sink: TupleSink, minBytes: number): void {
    const { bytes, length } = this.#rows
    const limit = Math.min(this.#start + minBytes, length)
    this.#start = sink.takeRows?.(bytes, this.#start, limit)?.end ?? this.#start
    while (this.#start < limit) {
      const start = this.#start + HEADER_BYTES
      this.#start += 1 + viewOf(bytes).getUint32(this.#start + 1)
      sink.tuple(bytes, start, this.#start)
    }
    if (this.#start === length) {
      this.#start = 0
      this.#rows.reset(KEPT_BYTES)
    }
  }
}

/**
 * Blocks for reuse. Otherwise each statement would leave several megabytes to the garbage
 * collector.
 */
export class BlockPool {
  readonly #spare: TupleBlock[] = []

  /** Returns an empty block. */
  take(): TupleBlock {
    const block = this.#spare.pop() ?? new TupleBlock()
    block.isWhole = false
    return block
  }

  /** Returns an empty block to the pool. */
  give(block: TupleBlock): void {
    const capacity = this.#spare.reduce((sum, spare) => sum + spare.capacity, block.capacity)
    if (capacity <= KEPT_BYTES) this.#spare.push(block)
  }
}
