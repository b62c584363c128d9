import type { Config } from '../config/config.ts'
import type { StreamReader } from '../parallel/relation-reader.ts'
import type { SharedSnapshot } from '../parallel/shared-snapshot.ts'
import type { Database } from '../postgres/session/database.ts'
import type { StreamSession } from '../postgres/session/stream-session.ts'
import type { JsonObject } from '../json/json.ts'
import type {
  GlobalContent,
  LogLevel,
  StateContent,
  StreamDescriptor,
} from '../protocol/messages.ts'
import type { PgType } from '../types/pg-type.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import type { LogTuple } from '../wire/log-tuple.ts'
import type { ChangeColumns } from './change-columns.ts'
import type { RewriteGuard } from './snapshot/rewrite-guard.ts'
import type { StreamPlan } from './stream-plan.ts'

/**
 * The unit of reading of a replication method: one stream, with a STREAM state, or several that
 * share a position in a log, with a GLOBAL state.
 */
export interface Feed {
  readonly scope: StateContent['type']
  /** One plan in scope STREAM, at least one in scope GLOBAL. */
  readonly plans: readonly StreamPlan[]
  /** Called before the snapshot of an attempt is taken, for work that must precede it. */
  prepare?(context: PrepareContext): Promise<void>
  /**
   * Reads from the resume states to the end. The last checkpoint is the feed's final state. When
   * the iteration ends without an error, all streams of the feed are complete.
   */
  read(context: FeedContext): AsyncIterable<FeedEvent>
  /**
   * Called at the end, when the last emitted state is stored in a file: the server may remove the
   * log that it covers.
   */
  acknowledge?(context: PrepareContext): Promise<void>
}

/** Rows of a stream were passed to its sink. */
export interface RowsRead {
  readonly type: 'ROWS'
  readonly plan: StreamPlan
  readonly rows: number
  /** Bytes received from the server for them. */
  readonly bytes: number
}

/**
 * A state that is reached with the rows so far of all streams of the feed. It may be emitted or
 * skipped.
 */
export interface Checkpoint {
  readonly type: 'CHECKPOINT'
  readonly state: StateThunk
}

export type FeedEvent = RowsRead | Checkpoint

/**
 * Builds a state that is valid once all rows so far are durable. Called only if it is emitted, at
 * once or much later.
 */
export type StateThunk = () => StateContent

/** Receives the rows of one stream, from COPY or from the log, and counts them. */
export interface RowSink extends TupleSink {
  /** Number of rows so far. */
  readonly rows: number
  /** The `_ab_cdc_` columns of the next rows; null: the stream has none. */
  readonly changeColumns: ChangeColumns | null
  /**
   * Returns a receiver of the tuples of a relation in the log. @param columns by field of the plan;
   * null: the field is null.
   */
  bind(columns: readonly (BoundColumn | null)[]): ChangeSink
}

/** A column of a relation in the log. */
export interface BoundColumn {
  /** Index in the tuples of the relation. */
  readonly index: number
  readonly type: PgType
}

/** Receives rows of one relation in the log as rows of one stream. */
export interface ChangeSink {
  /** A column that is unchanged and not in the log is null, with an entry in `meta.changes`. */
  change(tuple: LogTuple): void
}

/** The states from which a run resumes: the given ones, then the last emitted ones. */
export interface ResumeStates {
  /**
   * The GLOBAL state that was passed to the run, so the destination has stored it. Null: there is
   * none.
   */
  readonly givenGlobal: GlobalContent | null
  /** The given GLOBAL state, or the last one that the run has emitted. */
  readonly global: GlobalContent | null
  /** `stream_state` of a stream, in either scope; null: it is read from the start. */
  stream(descriptor: StreamDescriptor): JsonObject | null
  /** Whether it is part of the GLOBAL state that was passed to the run. */
  isGlobal(descriptor: StreamDescriptor): boolean
}

export interface PrepareContext {
  readonly config: Config
  readonly database: Database
  readonly states: ResumeStates
  readonly log: Log
}

export interface FeedContext extends PrepareContext {
  /** `performance.now()` at the start of the run, before its first attempt. */
  readonly startedMs: number
  /**
   * Detects tables that the snapshot cannot see. It must lock a relation before the relation is
   * read in the snapshot.
   */
  readonly guard: RewriteGuard
  /** The snapshot of all streams in the attempt. Relations are read by its readers. */
  readonly snapshot: SharedSnapshot
  /** The transaction that holds the snapshot: for queries about it. It must not lock relations. */
  readonly transaction: StreamSession
  /** Opens the reader of a feed of one stream. Dispose of it when the relation has been read. */
  openReader(): Promise<StreamReader>
  /**
   * Ends the snapshot and its locks before the rest of the feed. Only for scope GLOBAL, which is
   * read last.
   */
  endSnapshot(): Promise<void>
  /** Returns the receiver of the rows of a stream of the feed. */
  sinkOf(plan: StreamPlan): RowSink
}

/** Appends a LOG message. */
export type Log = (level: LogLevel, message: string) => void
