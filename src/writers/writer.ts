import { RecordEncoder } from './records/record-encoder.ts'
import type { RowSink } from '../replication/method.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Run } from '../run-context.ts'

/** Takes the rows of one stream. */
export interface StreamWriter {
  readonly sink: RowSink
  /** How many of the sink's rows a STATE may speak of, now or once it has its turn in the output. */
  readonly settledRows: number
  /** Passes on what there is; waits only while its consumer is slow. */
  drain(): Promise<void>
  /** Waits until all rows are settled. */
  flush(): Promise<void>
  /** A STATE for settled rows is about to be emitted: they are kept even if the run fails. */
  commit(): void
  /** There are no more rows. */
  finish(): Promise<void>
}

/** Where the rows of a run go. Disposed of when the run ends, however it ends. */
export interface Destination extends AsyncDisposable {
  /** For a stream that is tried again, it goes on where it was. */
  open(plan: StreamPlan): Promise<StreamWriter>
}

/** RECORD messages among the other messages: a STATE that follows them speaks of them. */
export class RecordDestination implements Destination {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  open(plan: StreamPlan): Promise<StreamWriter> {
    const { output, startedAtMs } = this.#run
    const sink = new RecordEncoder(output.buffer, plan.descriptor, plan.fields, startedAtMs)
    return Promise.resolve({
      sink,
      settledRows: Infinity,
      drain: () => output.drain(),
      flush: () => Promise.resolve(),
      commit: () => undefined,
      finish: () => Promise.resolve(),
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}
