import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import type { Database } from '../postgres/session/database.ts'
import type { ReadTransaction } from '../postgres/session/read-transaction.ts'
import type { TwinTransaction } from '../postgres/session/twin-transaction.ts'
import type { LogLevel } from '../protocol/messages.ts'
import type { StateThunk } from '../state/checkpointer.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Records were appended to the output: so many, from so many bytes of the server. */
export interface RowsRead {
  readonly type: 'ROWS'
  readonly rows: number
  readonly bytes: number
}

/** With the records so far, this state has been reached. It may be emitted or passed over. */
export interface Checkpoint {
  readonly type: 'CHECKPOINT'
  readonly state: StateThunk
}

/** What a read yields. The last checkpoint is the stream's final state. */
export type ReadEvent = RowsRead | Checkpoint

/** Takes the rows of a stream and counts them. */
export interface RowSink extends TupleSink {
  /** So far. */
  readonly rows: number
}

/** What all methods read with. */
export interface ReadContext {
  readonly config: Config
  readonly database: Database
  /** All streams of a run that start anew see its snapshot. */
  readonly transaction: ReadTransaction
  /** The same transaction, and perhaps a second one that sees the same, for relations that are read in parts. */
  readonly twin: TwinTransaction
  /** Takes the rows of the stream that is being read. */
  readonly sink: RowSink
  readonly log: (level: LogLevel, message: string) => void
}

/** A way to read streams. One file, one object, one line in `methods.ts`. */
export interface ReplicationMethod {
  readonly name: 'full_refresh' | 'cursor' | 'xmin'
  /** What keeps it from reading this stream; null: nothing. */
  prerequisite(plan: StreamPlan): ConnectorError | null
  /** Reads one stream from `plan.state` on. */
  read(plan: StreamPlan, context: ReadContext): AsyncIterable<ReadEvent>
}
