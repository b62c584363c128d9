import type { StreamDescriptor } from '../protocol/messages.ts'
import type { RowSink } from '../replication/feed.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'

/** Takes the rows of one stream. */
export interface StreamWriter {
  readonly sink: RowSink
  /** How many of the sink's rows a STATE may cover, now or once it has its turn in the output. */
  readonly durableRows: number
  /** Passes on what there is; waits only while its target is slow. */
  drain(): Promise<void>
  /** Waits until all rows are durable. */
  flush(): Promise<void>
  /** A STATE for durable rows is about to be emitted: they are kept even if the run fails. */
  commit(): void
  /** There are no more rows. */
  finish(): Promise<void>
}

/** A writer for an attempt. */
export interface OpenedWriter {
  readonly writer: StreamWriter
  /** Rows of an earlier attempt that no STATE covers and that have been removed from the output. */
  readonly discardedRows: number
}

/** The writers of a run. Disposed of when the run ends, however it ends. */
export interface Writers extends AsyncDisposable {
  /**
   * The writer of a stream; in a later attempt it continues where it was.
   * @param isResumed whether earlier rows of the stream have been delivered already.
   */
  open(plan: StreamPlan, isResumed: boolean): Promise<OpenedWriter>
  /** Null: other processes cannot write a part of a stream. */
  readonly parts: PartFiles | null
}

/** Takes files that other processes have written as parts of a stream. */
export interface PartFiles {
  /** A directory for them, which exists until they have been taken, or the run has ended. */
  createWorkDirectory(descriptor: StreamDescriptor): Promise<string>
  /**
   * The files of the stream in these directories become its next parts together with the file of its writer.
   * @param rows How many they have; they are durable.
   */
  adopt(descriptor: StreamDescriptor, directories: readonly string[], rows: number): void
}
