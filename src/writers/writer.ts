import type { StreamDescriptor } from '../protocol/messages.ts'
import type { RowSink } from '../replication/feed.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'

/** Receives the rows of one stream. */
export interface StreamWriter {
  readonly sink: RowSink
  /**
   * Number of the sink's rows that a STATE may cover, now or after the output that is already
   * queued.
   */
  readonly durableRows: number
  /** Writes the buffered rows; waits only while the target is slow. */
  drain(): Promise<void>
  /** Waits until all rows are durable. */
  flush(): Promise<void>
  /** Called before a STATE for durable rows is emitted: they are kept even if the run fails. */
  commit(): void
  /** Called after the last row. */
  finish(): Promise<void>
}

/** The writer of a stream for an attempt. */
export interface OpenedWriter {
  readonly writer: StreamWriter
  /** Rows of an earlier attempt that no STATE covers and that have been removed from the output. */
  readonly discardedRows: number
}

/** The writers of a run. They are disposed of when the run ends or fails. */
export interface Writers extends AsyncDisposable {
  /**
   * Opens the writer of a stream. In a later attempt, the writer continues.
   * @param isResumed whether earlier rows of the stream have already been delivered.
   */
  open(plan: StreamPlan, isResumed: boolean): Promise<OpenedWriter>
  /** Null: other processes cannot write a part of a stream. */
  readonly parts: PartFiles | null
}

/** Adds files that other processes have written as parts of a stream. */
export interface PartFiles {
  /** Creates a directory for them, which is removed after `adopt` or at the end of the run. */
  createWorkDirectory(descriptor: StreamDescriptor): Promise<string>
  /**
   * Makes the files in these directories the next parts of the stream, at the same time as the file
   * of its writer.
   * @param rows number of their rows; they are durable.
   */
  adopt(descriptor: StreamDescriptor, directories: readonly string[], rows: number): void
}
