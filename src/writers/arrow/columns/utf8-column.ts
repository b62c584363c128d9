import { Utf8 } from 'apache-arrow/type'
import type { ColumnCode, ColumnRows } from '../../../accelerator/column-program.ts'
import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import { EXACT, NULLED, type ValueWriter } from '../../../types/pg-type.ts'
import { type ArrowColumn, type ColumnData, Validity } from './arrow-column.ts'
import { textCode } from './text-value.ts'

const FIRST_BYTES = 4096
const OFFSET_BYTES = Int32Array.BYTES_PER_ELEMENT
/** A buffer that huge values enlarged beyond this is not kept. */
const KEPT_BYTES = 16 * 2 ** 20
const MAX_OFFSET = 2 ** 31 - 1

/** A column of text: the string in the record, or the JSON of any other value. */
export class Utf8Column implements ArrowColumn {
  readonly type = new Utf8()
  readonly code: ColumnCode
  losses = 0
  readonly #validity = new Validity()
  readonly #text = new ByteBuffer(FIRST_BYTES)
  #offsets = new Int32Array(1)

  constructor(write: ValueWriter) {
    this.code = textCode(write)
  }

  get textBytes(): number {
    return this.#text.length
  }

  grow(rows: number): void {
    const grown = new Int32Array(rows + 1)
    grown.set(this.#offsets)
    this.#offsets = grown
    this.#validity.grow(rows)
  }

  append(row: number, bytes: Buffer, start: number, end: number): void {
    this.appendAs(row, this.code.write, bytes, start, end)
  }

  /** Appends a value in another form than that of the column. @param write appends its text. */
  appendAs(row: number, write: ValueWriter, bytes: Buffer, start: number, end: number): void {
    const outcome = write(this.#text, bytes, start, end)
    if (outcome === NULLED) this.#validity.setNull(row)
    if (outcome !== EXACT) this.losses++
    const { length } = this.#text
    if (length > MAX_OFFSET) throw new RangeError('a batch of text is beyond the 2 GB of Arrow')
    this.#offsets[row + 1] = length
  }

  appendNull(row: number): void {
    this.#validity.setNull(row)
    this.#offsets[row + 1] = this.#text.length
  }

  appendRows(row: number, rows: ColumnRows): void {
    const { memory, values, text, textEnd } = rows
    this.#text.copy(memory, text, textEnd)
    this.#offsets.set(new Int32Array(memory.buffer, values, rows.rows), row + 1)
    this.#validity.append(row, rows)
    this.losses += rows.losses
  }

  appendUnrepresentable(row: number): void {
    this.losses++
    this.appendNull(row)
  }

  removeRow(row: number): void {
    this.#validity.removeRow(row)
    this.#text.length = this.#offsets[row]!
  }

  take(rows: number): ColumnData {
    const text = this.#text.bytes.subarray(0, this.#text.length)
    this.#text.reset(KEPT_BYTES)
    const offsets = new Uint8Array(this.#offsets.buffer, 0, OFFSET_BYTES * (rows + 1))
    return this.#validity.take(rows, [offsets, text])
  }
}
