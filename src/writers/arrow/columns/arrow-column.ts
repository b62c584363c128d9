import type { Data, DataType } from 'apache-arrow'
import type { BulkColumn, ColumnRows } from '../../../accelerator/column-program.ts'

/** Collects the values of one column for a record batch. Rows come in order; `grow` has made room for them. */
export interface ArrowColumn extends BulkColumn {
  readonly type: DataType
  /** Values so far that the type cannot hold: they are null. */
  readonly lost: number
  /** Makes room for so many rows, keeping those that are there. */
  grow(rows: number): void
  /** @throws RangeError if the field is none of its type: the stream is damaged. */
  append(row: number, bytes: Buffer, start: number, end: number): void
  appendNull(row: number): void
  /** Appends rows from `row` on that the WebAssembly module has made. */
  appendRows(row: number, rows: ColumnRows): void
  /** Appends null for a value that the type cannot hold. */
  lose(row: number): void
  /** The row has failed and comes anew. */
  forget(row: number): void
  /** The first `rows` rows, valid until the next call; the column is empty then. */
  take(rows: number): Data
}

/** Which rows of a batch are null: a bit each, 1 for a value. */
export class Validity {
  #bits = new Uint8Array(0)
  #nullCount = 0

  grow(rows: number): void {
    const grown = new Uint8Array((rows + 7) >> 3).fill(0xff)
    grown.set(this.#bits)
    this.#bits = grown
  }

  setNull(row: number): void {
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
    this.#nullCount++
  }

  /** Of rows from `row` on, for which there is room. */
  append(row: number, { memory, validity, rows, nulls }: ColumnRows): void {
    if (nulls === 0) return
    copyBits(this.#bits, row, memory.subarray(validity), rows)
    this.#nullCount += nulls
  }

  forget(row: number): void {
    const bit = 1 << (row & 7)
    if ((this.#bits[row >> 3]! & bit) !== 0) return
    this.#bits[row >> 3]! |= bit
    this.#nullCount--
  }

  /** Copies what is not all ones, and begins anew. */
  take(rows: number): { nullCount: number; nullBitmap: Uint8Array | null } {
    const nullCount = this.#nullCount
    if (nullCount === 0) return { nullCount, nullBitmap: null }
    const nullBitmap = this.#bits.slice(0, (rows + 7) >> 3)
    this.#bits.fill(0xff)
    this.#nullCount = 0
    return { nullCount, nullBitmap }
  }
}

/** Copies `count` bits from `index` on, which are at the same places in the bytes of `source`; keeps the bits around them. */
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
