import type { OfferOf } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import type { JsonObject } from '../json/json.ts'
import type { Database } from '../postgres/session/database.ts'
import type { Relation } from '../introspection/relation.ts'
import type { Feed, Log } from './feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** A replication method: one folder, one object, one line in `methods.ts`. */
export interface ReplicationMethod {
  /**
   * Determines how relations are offered as streams. It may query the server, and logs why a
   * relation is not offered incrementally.
   */
  offers(relations: readonly Relation[], context: MethodContext): Promise<OfferOf>
  /**
   * Returns everything that prevents reading these streams; without streams, reading any. It may
   * query the server.
   */
  prerequisites(
    plans: readonly StreamPlan[],
    context: MethodContext,
  ): Promise<readonly ConnectorError[]>
  /** Returns the feeds that read its streams. */
  feeds(plans: readonly StreamPlan[], config: Config): readonly Feed[]
  /** Health of what the method keeps on the server. Absent: it keeps nothing there. */
  health?(context: Omit<MethodContext, 'log'>): Promise<MethodHealth>
}

/** A method for incremental streams: a branch of `replication_method` in spec.json. */
export interface IncrementalMethod extends ReplicationMethod {
  /** Value of `method` in the branch. */
  readonly name: string
  /** Whether a stream needs a cursor column chosen by the user. */
  readonly needsCursor: boolean
  /**
   * Whether its streams share one position. A stream that is left out of a sync loses its state, and
   * is read from the start when it returns.
   */
  readonly sharesPosition: boolean
  /** Returns why it cannot read a stream; null: the plan does not tell. Absent: always null. */
  problemOf?(plan: StreamPlan): ConnectorError | null
}

/** Health of what a method keeps on the server, for the health reports. */
export interface MethodHealth {
  /** Additional entries of the `health` object. */
  readonly facts: JsonObject
  readonly warnings: readonly HealthWarning[]
}

/** A reason for the status `degraded`. */
export interface HealthWarning {
  readonly name: string
  readonly text: string
}

/** Context of a method before a sync. */
export interface MethodContext {
  readonly config: Config
  readonly database: Database
  readonly log: Log
}
