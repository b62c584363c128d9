import type { AcceleratorSource } from '../../accelerator/accelerator-source.ts'
import { BulkLines } from '../../accelerator/bulk-lines.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import type { ChangeColumns } from '../../replication/change-columns.ts'
import type { BoundColumn, ChangeSink, RowSink } from '../../replication/feed.ts'
import type { RecordField } from '../../replication/stream-plan.ts'
import type { ValueWriter } from '../../types/pg-type.ts'
import type { RowsTaken } from '../../wire/copy-stream.ts'
import { COUNT_BYTES, LENGTH_BYTES, NULL_LENGTH, damagedTuple } from '../../wire/tuple.ts'
import { ChangeEncoder } from './change-encoder.ts'
import { RecordLine } from './record-line.ts'

/** Parts of records besides the values of their fields. */
interface RecordOptions {
  readonly emittedAtMs: number
  readonly changeColumns?: ChangeColumns | null
  /** Encodes many rows at once; null: every row is encoded in TypeScript. */
  readonly accelerators?: AcceleratorSource | null
}

/**
 * Encodes tuple bytes as RECORD lines of one stream. One writer is called per field; no object per
 * row, no string per field.
 */
export class RecordEncoder implements RowSink {
  readonly changeColumns: ChangeColumns | null
  readonly out: ByteBuffer
  readonly #line: RecordLine
  readonly #fields: readonly RecordField[]
  readonly #writers: readonly ValueWriter[]
  readonly #bulk: BulkLines | null

  constructor(
    out: ByteBuffer,
    descriptor: StreamDescriptor,
    fields: readonly RecordField[],
    options: RecordOptions,
  ) {
    const { emittedAtMs, changeColumns = null, accelerators = null } = options
    this.out = out
    this.changeColumns = changeColumns
    this.#line = new RecordLine(out, descriptor, fields, { emittedAtMs, changeColumns })
    this.#fields = fields
    this.#writers = fields.flatMap(({ type }) => type?.writeBinary ?? type?.writeText ?? [])
    const { keys } = this.#line
    const columns = this.#writers.map((write, index) => ({ key: keys[index]!.bytes, write }))
    this.#bulk = accelerators && new BulkLines(accelerators, columns)
  }

  get rows(): number {
    return this.#line.rows
  }

  set rows(count: number) {
    this.#line.rows = count
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    return this.#bulk?.takeRows({ bytes, start, end }, this) ?? null
  }

  /** Text after the last value of a line. */
  tail(): Buffer {
    return this.#line.tail()
  }

  /**
   * Writes the line of a tuple of COPY. If that fails, the incomplete line is removed from the
   * output.
   * @throws RangeError if the tuple does not have the selected fields.
   */
  tuple(bytes: Buffer, start: number, end: number): void {
    const line = this.#line
    line.begin()
    try {
      this.#values(bytes, start, end)
      line.end()
    } catch (error) {
      line.cancel()
      throw error
    }
  }

  bind(columns: readonly (BoundColumn | null)[]): ChangeSink {
    const selected = columns.filter((_, index) => this.#fields[index]!.type !== null)
    return new ChangeEncoder(this.#line, selected)
  }

  #values(bytes: Buffer, start: number, end: number): void {
    const line = this.#line
    const writers = this.#writers
    const count = writers.length
    const view = viewOf(bytes)
    if (end - start < COUNT_BYTES || view.getInt16(start) !== count) throw damagedTuple()
    let at = start + COUNT_BYTES
    for (let i = 0; i < count; i++) {
      if (at + LENGTH_BYTES > end) throw damagedTuple()
      const length = view.getInt32(at)
      at += LENGTH_BYTES
      if (length === NULL_LENGTH) {
        line.null(i)
        continue
      }
      const fieldEnd = at + length
      if (length < 0 || fieldEnd > end) throw damagedTuple()
      line.value(i, writers[i]!, bytes, at, fieldEnd)
      at = fieldEnd
    }
    if (at !== end) throw damagedTuple()
  }
}
