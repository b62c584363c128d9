import type { Schema } from 'apache-arrow'
import type { Output } from '../../protocol/output.ts'
import { BatchQueue, type BatchTarget } from './batch-queue.ts'
import type { Batch } from './ipc-batch.ts'

/** An Arrow IPC stream for a consumer. Its rows are durable when the consumer has taken them. */
export class ArrowStream implements BatchTarget {
  readonly #output: Output
  readonly #queue: BatchQueue
  #isCommitted = false
  #isFinished = false

  constructor(output: Output, schema: Schema) {
    this.#output = output
    this.#queue = new BatchQueue(output, schema, 'stream')
  }

  get durableRows(): number {
    return this.#queue.durableRows
  }

  write(batch: Batch): void {
    this.#queue.write(batch)
  }

  async drain(): Promise<void> {
    await this.#output.drain()
    this.#queue.markDurable(this.#output.writtenBytes)
  }

  async flush(): Promise<void> {
    await this.#output.flush()
    this.#queue.markDurable(this.#output.writtenBytes)
  }

  commit(): void {
    this.#isCommitted = true
  }

  async finish(): Promise<void> {
    this.#isFinished = true
    this.#queue.finish()
    await this.flush()
  }

  /** A failed read leaves out the end of the stream, by which a consumer recognizes the failure. */
  async abandon(): Promise<null> {
    if (this.#isCommitted && !this.#isFinished) await this.finish()
    return null
  }
}
