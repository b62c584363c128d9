import { Bool } from 'apache-arrow/type'
import type { ColumnCode, ColumnRows } from '../../../accelerator/column-program.ts'
import { writeBool } from '../../../types/bytes.ts'
import { expectBytes } from '../../../types/numbers.ts'
import { type ArrowColumn, bitBytes, type ColumnData, copyBits, Validity } from './arrow-column.ts'

/** A column of bool, COPY binary: one byte → one bit. */
export class BoolColumn implements ArrowColumn {
  readonly type = new Bool()
  readonly code: ColumnCode = { op: 'Bool', width: 0, write: writeBool }
  readonly textBytes = 0
  losses = 0
  readonly #validity = new Validity()
  #bits = new Uint8Array(0)

  grow(rows: number): void {
    const grown = new Uint8Array(bitBytes(rows))
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

  appendRows(row: number, rows: ColumnRows): void {
    copyBits(this.#bits, row, rows.memory.subarray(rows.values), rows.rows)
    this.#validity.append(row, rows)
  }

  appendUnrepresentable(row: number): void {
    this.losses++
    this.appendNull(row)
  }

  removeRow(row: number): void {
    this.#validity.removeRow(row)
  }

  take(rows: number): ColumnData {
    return this.#validity.take(rows, [this.#bits.subarray(0, bitBytes(rows))])
  }
}
