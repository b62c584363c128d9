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
 * What a replication method reads at once: one stream, with a STREAM state, or several that share a position in a log,
 * with a GLOBAL state.
 */
export interface Feed {
  readonly scope: StateContent['type']
  /** What it reads: one plan in scope STREAM, at least one in scope GLOBAL. */
  readonly plans: readonly StreamPlan[]
  /** Called before the snapshot of an attempt is taken, for what must be older than that. */
  prepare?(context: PrepareContext): Promise<void>
  /**
   * Reads from the resume states to the end. The last checkpoint is the feed's final state; when the iteration ends
   * without an error, all streams of the feed are complete.
   */
  read(context: FeedContext): AsyncIterable<FeedEvent>
  /** Called after the end, when the last emitted state is stored in a file: the server may forget what it covers. */
  acknowledge?(context: PrepareContext): Promise<void>
}

/** Rows of a stream went to its sink. */
export interface RowsRead {
  readonly type: 'ROWS'
  readonly plan: StreamPlan
  readonly rows: number
  /** Bytes that came from the server for them. */
  readonly bytes: number
}

/** With the rows so far, of all streams of the feed, this state has been reached. It may be emitted or skipped. */
export interface Checkpoint {
  readonly type: 'CHECKPOINT'
  readonly state: StateThunk
}

export type FeedEvent = RowsRead | Checkpoint

/** A state that holds once all rows so far are durable. Called only if it is emitted, and at once or much later. */
export type StateThunk = () => StateContent

/** Takes the rows of one stream, from COPY or from the log, and counts them. */
export interface RowSink extends TupleSink {
  /** So far. */
  readonly rows: number
  /** The `_ab_cdc_` columns of the rows that come next; null: the stream has none. */
  readonly changeColumns: ChangeColumns | null
  /** Makes what takes the tuples of a relation of the log. @param columns Of each field of the plan; null: it is null. */
  bind(columns: readonly (BoundColumn | null)[]): ChangeSink
}

/** A column of a relation of the log. */
export interface BoundColumn {
  /** In the tuples of the relation. */
  readonly index: number
  readonly type: PgType
}

/** Takes rows of one relation of the log as rows of one stream. */
export interface ChangeSink {
  /** A column that is unchanged and not in the log is null, with an entry in `meta.changes`. */
  change(tuple: LogTuple): void
}

/** The states that a run resumes from: those it was given, then the last ones that it emitted. */
export interface ResumeStates {
  /** The GLOBAL state that the run was given: what was delivered for certain. Null: there is none. */
  readonly givenGlobal: GlobalContent | null
  /** The same, or the last one that the run has emitted. */
  readonly global: GlobalContent | null
  /** `stream_state` of a stream, of either scope; null: from the start. */
  stream(descriptor: StreamDescriptor): JsonObject | null
  /** Whether that is part of the GLOBAL state that the run was given. */
  isGlobal(descriptor: StreamDescriptor): boolean
}

export interface PrepareContext {
  readonly config: Config
  readonly database: Database
  readonly states: ResumeStates
  readonly log: Log
}

export interface FeedContext extends PrepareContext {
  /** `performance.now()` of the begin of the run, before its first attempt. */
  readonly startedMs: number
  /** Finds tables that the snapshot cannot see; to be asked before a relation is read in it. */
  readonly guard: RewriteGuard
  /** What all streams of the attempt see. Relations are read by its readers. */
  readonly snapshot: SharedSnapshot
  /** The one that holds the snapshot: for questions about it, and to be kept from locking relations. */
  readonly transaction: StreamSession
  /** Opens what reads the relation of a feed of one stream; it is disposed of when that has been read. */
  openReader(): Promise<StreamReader>
  /** Ends the snapshot and its locks, before the rest of the feed. Only for scope GLOBAL, which is read last. */
  endSnapshot(): Promise<void>
  /** Takes the rows of a stream of the feed. */
  sinkOf(plan: StreamPlan): RowSink
}

/** Appends a LOG message. */
export type Log = (level: LogLevel, message: string) => void
