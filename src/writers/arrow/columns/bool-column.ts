import { Bool, type Data, makeData } from 'apache-arrow'
import { expectBytes } from '../../../types/numbers.ts'
import { type ArrowColumn, Validity } from './arrow-column.ts'

/** A column of bool, COPY binary: one byte → one bit. */
export class BoolColumn implements ArrowColumn {
  readonly type = new Bool()
  lost = 0
  readonly #validity = new Validity()
  #bits = new Uint8Array(0)

  grow(rows: number): void {
    const grown = new Uint8Array((rows + 7) >> 3)
    grown.set(this.#bits)
    this.#bits = grown
    this.#validity.grow(rows)
  }

  append(row: number, bytes: Buffer, start: number, end: number): void {
    expectBytes(end - start, 1)
    const bit = 1 << (row & 7)
    if (bytes[start] === 0) this.#bits[row >> 3]! &= ~bit
    else this.#bits[row >> 3]! |= bit
  }

  appendNull(row: number): void {
    this.#validity.setNull(row)
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
  }

  lose(row: number): void {
    this.lost++
    this.appendNull(row)
  }

  forget(row: number): void {
    this.#validity.forget(row)
  }

  take(rows: number): Data {
    const { nullCount, nullBitmap } = this.#validity.take(rows)
    return makeData({ type: this.type, length: rows, nullCount, nullBitmap, data: this.#bits })
  }
}
