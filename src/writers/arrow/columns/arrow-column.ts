import type { Data, DataType } from 'apache-arrow'

/** Collects the values of one column for a record batch. Rows come in order; `grow` has made room for them. */
export interface ArrowColumn {
  readonly type: DataType
  /** Values so far that the type cannot hold: they are null. */
  readonly lost: number
  /** Makes room for so many rows, keeping those that are there. */
  grow(rows: number): void
  /** @throws RangeError if the field is none of its type: the stream is damaged. */
  append(row: number, bytes: Buffer, start: number, end: number): void
  appendNull(row: number): void
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
