import type { DataType } from 'apache-arrow'
import type { BulkColumn, ColumnRows } from '../../../accelerator/column-program.ts'

/** The rows of one column in a record batch. */
export interface ColumnData {
  readonly nullCount: number
  /** The validity, which is empty without nulls; offsets, for text; values. */
  readonly buffers: readonly Uint8Array[]
}

const EMPTY = new Uint8Array(0)

/**
 * Collects the values of one column for a record batch. Rows are appended in order, after `grow`
 * has made room for them.
 */
export interface ArrowColumn extends BulkColumn {
  readonly type: DataType
  /** Number of values so far that the type cannot hold; they are null. */
  readonly losses: number
  /** Makes room for this many rows and keeps the existing ones. */
  grow(rows: number): void
  /** @throws RangeError if the field does not have the form of its type: the stream is damaged. */
  append(row: number, bytes: Buffer, start: number, end: number): void
  appendNull(row: number): void
  /** Appends rows that the WebAssembly module has encoded, starting at index `row`. */
  appendRows(row: number, rows: ColumnRows): void
  /** Appends null for a value that the type cannot hold. */
  appendUnrepresentable(row: number): void
  /** Removes a row that failed and will be appended again. */
  removeRow(row: number): void
  /** Returns the first `rows` rows, valid until the next call, and empties the column. */
  take(rows: number): ColumnData
}

/** Validity bitmap of a batch: one bit per row, 1 for a value. */
export class Validity {
  #bits = new Uint8Array(0)
  #nullCount = 0

  grow(rows: number): void {
    const grown = new Uint8Array(bitBytes(rows)).fill(0xff)
    grown.set(this.#bits)
    this.#bits = grown
  }

  setNull(row: number): void {
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
    this.#nullCount++
  }

  /** Appends rows starting at index `row`, for which there is room. */
  append(row: number, { memory, validity, rows, nulls }: ColumnRows): void {
    if (nulls === 0) return
    copyBits(this.#bits, row, memory.subarray(validity), rows)
    this.#nullCount += nulls
  }

  removeRow(row: number): void {
    const bit = 1 << (row & 7)
    if ((this.#bits[row >> 3]! & bit) !== 0) return
    this.#bits[row >> 3]! |= bit
    this.#nullCount--
  }

  /** Returns the data of the first `rows` rows and empties the bitmap. */
  take(rows: number, values: readonly Uint8Array[]): ColumnData {
    const nullCount = this.#nullCount
    if (nullCount === 0) return { nullCount, buffers: [EMPTY, ...values] }
    const bits = this.#bits.slice(0, bitBytes(rows))
    this.#bits.fill(0xff)
    this.#nullCount = 0
    return { nullCount, buffers: [bits, ...values] }
  }
}

/** Number of bytes for one bit per row. */
export function bitBytes(rows: number): number {
  return (rows + 7) >> 3
}

/**
 * Copies `count` bits starting at `index`, which have the same bit positions in `source`. The
 * surrounding bits are kept.
 */
export function copyBits(
  target: Uint8Array,
  index: number,
  source: Uint8Array,
  count: number,
): void {
  const first = index >> 3
  const last = (index + count - 1) >> 3
  const before = (1 << (index & 7)) - 1
  const behind = 0xfe << ((index + count - 1) & 7)
  const firstKept = target[first]! & before
  const lastKept = target[last]! & behind
  target.set(source.subarray(0, last - first + 1), first)
  target[first] = (target[first]! & ~before) | firstKept
  target[last] = (target[last]! & ~behind) | lastKept
}
