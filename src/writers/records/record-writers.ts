import { ChangeColumns } from '../../replication/change-columns.ts'
import type { RowSink } from '../../replication/feed.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { AcceleratorSource } from '../../accelerator/accelerator-source.ts'
import type { Run } from '../../run-context.ts'
import type { OpenedWriter, StreamWriter, Writers } from '../writer.ts'
import { RecordEncoder } from './record-encoder.ts'

/** Writes RECORD messages to the output of the other messages. */
export class RecordWriters implements Writers {
  readonly parts = null
  readonly #run: Run
  readonly #accelerators: AcceleratorSource

  constructor(run: Run) {
    this.#run = run
    this.#accelerators = AcceleratorSource.of(run)
  }

  open({ descriptor, fields, hasChangeColumns }: StreamPlan): Promise<OpenedWriter> {
    const { output, startedAtMs: emittedAtMs } = this.#run
    const changeColumns = hasChangeColumns ? new ChangeColumns() : null
    const options = { emittedAtMs, changeColumns, accelerators: this.#accelerators }
    const sink = new RecordEncoder(output.buffer, descriptor, fields, options)
    return Promise.resolve({ writer: new RecordWriter(sink), discardedRows: 0 })
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Rows are durable at once: a STATE follows the records that it covers in the same output. */
class RecordWriter implements StreamWriter {
  readonly sink: RowSink

  constructor(sink: RowSink) {
    this.sink = sink
  }

  get durableRows(): number {
    return this.sink.rows
  }

  async drain(): Promise<void> {}
  async flush(): Promise<void> {}
  commit(): void {}
  async finish(): Promise<void> {}
}
