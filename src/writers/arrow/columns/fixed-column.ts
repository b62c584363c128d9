import type { DataType } from 'apache-arrow'
import type { ColumnCode, ColumnRows } from '../../../accelerator/column-program.ts'
import { viewOf } from '../../../bytes/byte-view.ts'
import { EXACT, NULLED, type ValueWriter } from '../../../types/pg-type.ts'
import { type ArrowColumn, type ColumnData, Validity } from './arrow-column.ts'
import type { FixedForm } from './fixed-forms.ts'

/** A column of values with the same size in bytes. */
export class FixedColumn implements ArrowColumn {
  readonly type: DataType
  readonly code: ColumnCode
  readonly textBytes = 0
  losses = 0
  readonly #form: FixedForm
  readonly #validity = new Validity()
  #bytes = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)

  constructor(type: DataType, form: FixedForm) {
    this.type = type
    this.code = { ...form, write: writerOf(form) }
    this.#form = form
  }

  grow(rows: number): void {
    const grown = new Uint8Array(rows * this.#form.width)
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
    this.#validity.grow(rows)
  }

  append(row: number, bytes: Buffer, start: number, end: number): void {
    const { put, width } = this.#form
    if (!put(this.#view, row * width, viewOf(bytes), start, end)) this.appendUnrepresentable(row)
  }

  appendUnrepresentable(row: number): void {
    this.losses++
    this.appendNull(row)
  }

  appendNull(row: number): void {
    this.#validity.setNull(row)
    const { width } = this.#form
    this.#bytes.fill(0, row * width, (row + 1) * width)
  }

  appendRows(row: number, rows: ColumnRows): void {
    const { width } = this.#form
    const { memory, values } = rows
    this.#bytes.set(memory.subarray(values, values + rows.rows * width), row * width)
    this.#validity.append(row, rows)
    this.losses += rows.losses
  }

  removeRow(row: number): void {
    this.#validity.removeRow(row)
  }

  take(rows: number): ColumnData {
    return this.#validity.take(rows, [this.#bytes.subarray(0, rows * this.#form.width)])
  }
}

/** Returns a writer that appends a value in this form. */
function writerOf({ put, width }: FixedForm): ValueWriter {
  return (out, bytes, start, end) => {
    out.reserve(width)
    if (!put(out.view, out.length, viewOf(bytes), start, end)) return NULLED
    out.length += width
    return EXACT
  }
}
