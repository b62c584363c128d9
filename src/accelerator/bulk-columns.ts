import type { RowsTaken } from '../wire/copy-stream.ts'
import type { MessageBytes } from './accelerator.ts'
import { type AcceleratorSource, StreamSize } from './accelerator-source.ts'
import { type ColumnTarget, encodeColumns } from './column-encoder.ts'
import { type BulkColumn, ColumnProgram } from './column-program.ts'

/** Encodes the rows of one stream as columns in the WebAssembly module if the stream is large. */
export class BulkColumns {
  readonly #size: StreamSize
  readonly #columns: readonly BulkColumn[]
  #program: ColumnProgram | null = null

  constructor(source: AcceleratorSource, columns: readonly BulkColumn[]) {
    this.#size = new StreamSize(source)
    this.#columns = columns
  }

  /** Returns null while the stream is small, and if the module is not available. */
  takeRows(messages: MessageBytes, target: ColumnTarget): RowsTaken | null {
    const accelerator = this.#size.add(messages)
    if (accelerator === null) return null
    this.#program ??= new ColumnProgram(this.#columns, accelerator.module)
    return encodeColumns(accelerator, this.#program, { messages, target })
  }
}
