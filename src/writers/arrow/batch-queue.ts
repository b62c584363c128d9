import type { Schema } from 'apache-arrow'
import type { Output } from '../../protocol/output.ts'
import type { Batch } from './ipc-batch.ts'
import { IpcWriter } from './ipc-writer.ts'

/** Target of record batches. */
export interface BatchTarget {
  /** Appends a batch; it is written by the next drain. */
  write(batch: Batch): void
  /** Number of rows in durable batches. */
  readonly durableRows: number
  /** Writes the buffered batches; waits only while the target is slow. */
  drain(): Promise<void>
  /** Waits until all rows are durable. */
  flush(): Promise<void>
  /** Called before a STATE for durable rows is emitted. */
  commit(): void
  /** Ends the file or stream. */
  finish(): Promise<void>
  /**
   * Ends the target of a failed read. Rows without a STATE are dropped. Others are kept, but do not
   * replace the files of an earlier read. Returns the name of a file that a read with the last
   * STATE will complete; null: none.
   */
  abandon(): Promise<string | null>
}

interface WrittenBatch {
  /** Number of rows up to its end. */
  readonly rows: number
  readonly endByte: number
}

/** The batches of an IPC file or stream in an output, in the order of their end positions. */
export class BatchQueue {
  rows = 0
  durableRows = 0
  readonly #output: Output
  readonly #writer: IpcWriter
  #batches: WrittenBatch[] = []

  constructor(output: Output, schema: Schema, format: 'file' | 'stream') {
    this.#output = output
    this.#writer = new IpcWriter(output.buffer, schema, format)
  }

  write(batch: Batch): void {
    this.#writer.write(batch)
    this.rows += batch.rows
    this.#batches.push({ rows: this.rows, endByte: this.#output.appendedBytes })
  }

  finish(): void {
    this.#writer.finish()
  }

  /** Whether a batch that is not yet durable lies within the first `bytes`. */
  isReady(bytes: number): boolean {
    return this.#batches.length > 0 && this.#batches[0]!.endByte <= bytes
  }

  /** Marks the first `bytes` of the output as durable. */
  markDurable(bytes: number): void {
    const rest = this.#batches.findIndex(({ endByte }) => endByte > bytes)
    const durable = this.#batches.splice(0, rest === -1 ? this.#batches.length : rest)
    this.durableRows = durable.at(-1)?.rows ?? this.durableRows
  }
}
