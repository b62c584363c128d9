import type { AcceleratorSource } from '../../accelerator/accelerator-source.ts'
import { BulkColumns } from '../../accelerator/bulk-columns.ts'
import type { ColumnTarget, EncodedRows } from '../../accelerator/column-encoder.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import type { ChangeColumns } from '../../replication/change-columns.ts'
import type { BoundColumn, ChangeSink, RowSink } from '../../replication/feed.ts'
import type { ArrowChangeColumns } from './arrow-change-columns.ts'
import { ArrowChanges, type ChangeField } from './arrow-changes.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'
import type { Batch } from './ipc-batch.ts'
import type { LogTuple } from '../../wire/log-tuple.ts'
import type { RowsTaken } from '../../wire/copy-stream.ts'
import { COUNT_BYTES, LENGTH_BYTES, NULL_LENGTH, damagedTuple } from '../../wire/tuple.ts'

/** A field of the stream. If no column is selected for it, it is always null. */
export interface ArrowField extends ChangeField {
  readonly isSelected: boolean
}

interface ArrowSinkOptions {
  readonly batchRows: number
  /** Called for each full batch. Its bytes are only valid during the call. */
  readonly onBatch: (batch: Batch) => void
  readonly changeColumns: ArrowChangeColumns | null
  /** Encodes many rows at once; null: every row is encoded in TypeScript. */
  readonly accelerators?: AcceleratorSource | null
}

const FIRST_ROWS = 1024
/** A batch of wide rows ends early at this size, which fits into the cache of a processor. */
const MAX_BATCH_BYTES = 8 * 2 ** 20

/**
 * Converts tuple bytes to the record batches of one stream. Cells of fixed size create no
 * JavaScript values.
 */
export class ArrowSink implements RowSink, ColumnTarget {
  /** Number of rows so far. */
  rows = 0
  readonly #fields: readonly ArrowField[]
  readonly #changeColumns: ArrowChangeColumns | null
  readonly #all: readonly ArrowColumn[]
  readonly #selected: readonly ArrowColumn[]
  readonly #unselected: readonly ArrowColumn[]
  readonly #maxRows: number
  readonly #onBatch: (batch: Batch) => void
  readonly #bulk: BulkColumns | null
  #capacity = 0
  #pending = 0
  #pendingBytes = 0

  constructor(
    fields: readonly ArrowField[],
    { batchRows, onBatch, changeColumns, accelerators = null }: ArrowSinkOptions,
  ) {
    this.#fields = fields
    this.#changeColumns = changeColumns
    const { lsn, updatedAt, deletedAt } = changeColumns ?? {}
    const others = [lsn, updatedAt, deletedAt].filter((column) => column !== undefined)
    this.#all = [...fields.map(({ column }) => column), ...others]
    this.#selected = fields.filter(({ isSelected }) => isSelected).map(({ column }) => column)
    this.#unselected = fields.filter(({ isSelected }) => !isSelected).map(({ column }) => column)
    this.#maxRows = batchRows
    this.#onBatch = onBatch
    this.#bulk = accelerators && new BulkColumns(accelerators, this.#selected)
  }

  get changeColumns(): ChangeColumns | null {
    return this.#changeColumns?.values ?? null
  }

  get batchRows(): number {
    return this.#pending
  }

  get freeRows(): number {
    return this.#maxRows - this.#pending
  }

  get freeBytes(): number {
    return MAX_BATCH_BYTES - this.#pendingBytes
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    return this.#bulk?.takeRows({ bytes, start, end }, this) ?? null
  }

  append({ rows, bytes, columns }: EncodedRows): void {
    const first = this.#pending
    while (first + rows > this.#capacity) this.#grow()
    columns.forEach((column, index) => this.#selected[index]!.appendRows(first, column))
    for (const column of this.#unselected) {
      for (let row = first; row < first + rows; row++) column.appendNull(row)
    }
    if (this.#changeColumns !== null) {
      for (let row = first; row < first + rows; row++) appendChangeColumns(this.#changeColumns, row)
    }
    this.#add(rows, bytes)
  }

  /**
   * @throws RangeError if the tuple does not have the selected fields; then no part of it is kept.
   */
  tuple(bytes: Buffer, start: number, end: number): void {
    if (this.#pending === this.#capacity) this.#grow()
    try {
      this.#copied(bytes, start, end)
      this.#changed()
    } catch (error) {
      this.#removeRow()
      throw error
    }
    this.#add(1, end - start)
  }

  bind(columns: readonly (BoundColumn | null)[]): ChangeSink {
    const changes = new ArrowChanges(this.#fields, columns)
    return { change: (tuple) => this.#change(changes, tuple) }
  }

  #change(changes: ArrowChanges, tuple: LogTuple): void {
    if (this.#pending === this.#capacity) this.#grow()
    try {
      changes.append(this.#pending, tuple)
      this.#changed()
    } catch (error) {
      this.#removeRow()
      throw error
    }
    this.#add(1, tuple.size)
  }

  /** Counts rows that have been written. */
  #add(rows: number, bytes: number): void {
    this.rows += rows
    this.#pending += rows
    this.#pendingBytes += bytes
    if (this.#pending === this.#maxRows || this.#pendingBytes > MAX_BATCH_BYTES) this.cut()
  }

  #removeRow(): void {
    for (const column of this.#all) column.removeRow(this.#pending)
  }

  #changed(): void {
    if (this.#changeColumns !== null) appendChangeColumns(this.#changeColumns, this.#pending)
  }

  /** Ends the current batch. */
  cut(): void {
    const rows = this.#pending
    if (rows === 0) return
    this.#pending = 0
    this.#pendingBytes = 0
    this.#onBatch({ rows, columns: this.#all.map((column) => column.take(rows)) })
  }

  #copied(bytes: Buffer, start: number, end: number): void {
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
    this.#capacity = Math.min(Math.max(this.#capacity * 2, FIRST_ROWS), this.#maxRows)
    for (const column of this.#all) column.grow(this.#capacity)
  }
}

function appendChangeColumns(
  { values, lsn, updatedAt, deletedAt }: ArrowChangeColumns,
  row: number,
): void {
  const { lsnHigh, lsnLow, isDeleted } = values
  const position = Buffer.alloc(8)
  position.writeUInt32BE(lsnHigh)
  position.writeUInt32BE(lsnLow, 4)
  lsn.append(row, position, 0, position.length)
  const time = Buffer.from(values.updatedAt)
  updatedAt.append(row, time, 0, time.length)
  if (isDeleted) deletedAt.append(row, time, 0, time.length)
  else deletedAt.appendNull(row)
}
