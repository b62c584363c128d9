import { type Data, makeData, RecordBatch, type Schema, Struct } from 'apache-arrow'
import { viewOf } from '../../bytes/byte-view.ts'
import type { BoundColumn, ChangeSink, RowSink } from '../../replication/feed.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'
import { COUNT_BYTES, LENGTH_BYTES, NULL_LENGTH, damagedTuple } from '../../wire/tuple.ts'

/** A field of the stream; null: nothing is selected for it, it is always null. */
export interface ArrowField {
  readonly column: ArrowColumn
  readonly isSelected: boolean
}

const FIRST_ROWS = 1024
/** A batch ends early when its rows come to this, whatever they hold. */
const MAX_BATCH_BYTES = 64 * 2 ** 20

/** Tuple bytes → record batches of one stream. No JavaScript value for a cell of fixed size. */
export class ArrowSink implements RowSink {
  /** Rows so far. */
  rows = 0
  readonly changeColumns = null
  readonly #schema: Schema
  readonly #all: readonly ArrowColumn[]
  readonly #selected: readonly ArrowColumn[]
  readonly #unselected: readonly ArrowColumn[]
  readonly #batchRows: number
  readonly #onBatch: (batch: RecordBatch) => void
  #capacity = 0
  #pending = 0
  #pendingBytes = 0

  /** @param onBatch gets each batch when it is full; its buffers are valid only during the call. */
  constructor(
    schema: Schema,
    fields: readonly ArrowField[],
    { batchRows, onBatch }: { batchRows: number; onBatch: (batch: RecordBatch) => void },
  ) {
    this.#schema = schema
    this.#all = fields.map(({ column }) => column)
    this.#selected = fields.filter(({ isSelected }) => isSelected).map(({ column }) => column)
    this.#unselected = fields.filter(({ isSelected }) => !isSelected).map(({ column }) => column)
    this.#batchRows = batchRows
    this.#onBatch = onBatch
  }

  /** @throws RangeError if the tuple does not have the selected fields; then nothing of it is kept. */
  tuple(bytes: Buffer, start: number, end: number): void {
    if (this.#pending === this.#capacity) this.#grow()
    try {
      this.#fields(bytes, start, end)
    } catch (error) {
      for (const column of this.#all) column.forget(this.#pending)
      throw error
    }
    this.rows++
    this.#pending++
    this.#pendingBytes += end - start
    if (this.#pending === this.#batchRows || this.#pendingBytes > MAX_BATCH_BYTES) this.cut()
  }

  bind(_columns: readonly (BoundColumn | null)[]): ChangeSink {
    throw new Error('Arrow output does not take changes of the log')
  }

  /** Ends the batch with the rows it has. */
  cut(): void {
    const rows = this.#pending
    if (rows === 0) return
    this.#pending = 0
    this.#pendingBytes = 0
    const children: Data[] = this.#all.map((column) => column.take(rows))
    const type = new Struct(this.#schema.fields)
    this.#onBatch(
      new RecordBatch(this.#schema, makeData({ type, length: rows, nullCount: 0, children })),
    )
  }

  #fields(bytes: Buffer, start: number, end: number): void {
    const columns = this.#selected
    const row = this.#pending
    const view = viewOf(bytes)
    if (end - start < COUNT_BYTES || view.getInt16(start) !== columns.length) throw damagedTuple()
    let at = start + COUNT_BYTES
    for (let i = 0; i < columns.length; i++) {
      if (at + LENGTH_BYTES > end) throw damagedTuple()
      const length = view.getInt32(at)
      at += LENGTH_BYTES
      if (length === NULL_LENGTH) {
        columns[i]!.appendNull(row)
        continue
      }
      const fieldEnd = at + length
      if (length < 0 || fieldEnd > end) throw damagedTuple()
      columns[i]!.append(row, bytes, at, fieldEnd)
      at = fieldEnd
    }
    if (at !== end) throw damagedTuple()
    for (const column of this.#unselected) column.appendNull(row)
  }

  #grow(): void {
    this.#capacity = Math.min(Math.max(this.#capacity * 2, FIRST_ROWS), this.#batchRows)
    for (const column of this.#all) column.grow(this.#capacity)
  }
}
