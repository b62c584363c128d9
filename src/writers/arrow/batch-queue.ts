import type { Schema } from 'apache-arrow'
import type { Output } from '../../protocol/output.ts'
import type { Batch } from './ipc-batch.ts'
import { IpcWriter } from './ipc-writer.ts'

/** Where record batches go, and how far they have got. */
export interface BatchTarget {
  /** Appends a batch; it goes out with the next drain. */
  write(batch: Batch): void
  /** Rows of the batches that are where they are to be. */
  readonly durableRows: number
  /** Passes on what there is; waits only for a slow target. */
  drain(): Promise<void>
  /** Waits until all rows are durable. */
  flush(): Promise<void>
  /** A STATE is about to be emitted for durable rows. */
  commit(): void
  /** Ends the file or stream. */
  finish(): Promise<void>
  /**
   * Ends the target of a read that failed. Rows without a STATE are dropped; others are kept, but do not replace what an
   * earlier read has written. Returns the name of a file that a read with the last STATE will complete; null: none.
   */
  abandon(): Promise<string | null>
}

interface WrittenBatch {
  /** Rows up to its end. */
  readonly rows: number
  readonly endByte: number
}

/** The batches of an IPC file or stream in an output, in the order of their ends. */
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

  /** Whether a batch that is not durable yet lies within the first `bytes`. */
  isReady(bytes: number): boolean {
    return this.#batches.length > 0 && this.#batches[0]!.endByte <= bytes
  }

  /** The first `bytes` of the output are safe. */
  settle(bytes: number): void {
    const rest = this.#batches.findIndex(({ endByte }) => endByte > bytes)
    const durable = this.#batches.splice(0, rest === -1 ? this.#batches.length : rest)
    this.durableRows = durable.at(-1)?.rows ?? this.durableRows
  }
}
