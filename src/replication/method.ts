import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import type { Database } from '../postgres/database.ts'
import type { ReadTransaction } from '../postgres/read-transaction.ts'
import type { ByteBuffer } from '../protocol/byte-buffer.ts'
import type { LogLevel, Message, StreamDescriptor } from '../protocol/messages.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Records were appended to the output: so many, from so many bytes of the server. */
export interface RowsRead {
  readonly type: 'ROWS'
  readonly descriptor: StreamDescriptor
  readonly rows: number
  readonly bytes: number
}

/** What a read yields: messages to forward in their order, and word of records that are in the output already. */
export type ReadEvent = Message | RowsRead

/** What all methods read with. */
export interface ReadContext {
  readonly config: Config
  readonly database: Database
  /** All streams of a run that start anew see its snapshot. */
  readonly transaction: ReadTransaction
  /** Takes the lines of records. */
  readonly out: ByteBuffer
  /** `emitted_at` of every record of the run. */
  readonly emittedAtMs: number
  readonly log: (level: LogLevel, message: string) => void
}

/** A way to read streams. One file, one object, one line in `methods.ts`. */
export interface ReplicationMethod {
  readonly name: 'full_refresh' | 'cursor' | 'xmin'
  /** What keeps it from reading these streams, all at once. */
  prerequisites(
    plans: readonly StreamPlan[],
    database: Database,
  ): Promise<readonly ConnectorError[]>
  /** Reads one stream from `plan.state` on. The last message is its final STATE. */
  read(plan: StreamPlan, context: ReadContext): AsyncIterable<ReadEvent>
}
