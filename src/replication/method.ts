import type { OfferOf } from '../catalog/stream.ts'
import type { Config } from '../config/config.ts'
import type { ConnectorError } from '../errors.ts'
import type { JsonObject } from '../json/json.ts'
import type { Database } from '../postgres/session/database.ts'
import type { Relation } from '../introspection/relation.ts'
import type { Feed, Log } from './feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** A way to read streams. One folder, one object, one line in `methods.ts`. */
export interface ReplicationMethod {
  /** How it offers relations as streams. It may ask the server, and logs why it does not offer a relation incrementally. */
  offers(relations: readonly Relation[], context: MethodContext): Promise<OfferOf>
  /** Everything that keeps it from reading these streams; without streams, from reading any. It may ask the server. */
  prerequisites(
    plans: readonly StreamPlan[],
    context: MethodContext,
  ): Promise<readonly ConnectorError[]>
  /** The feeds that read its streams. */
  feeds(plans: readonly StreamPlan[], config: Config): readonly Feed[]
  /** Health of what it keeps on the server. Default: it keeps nothing there. */
  health?(context: Omit<MethodContext, 'log'>): Promise<MethodHealth>
}

/** A method of incremental streams: a branch of `replication_method` in spec.json. */
export interface IncrementalMethod extends ReplicationMethod {
  /** `method` of the branch. */
  readonly name: string
  /** Whether a stream needs a cursor column of the user's choice. */
  readonly needsCursor: boolean
}

/** Health of what a method keeps on the server, for the health reports. */
export interface MethodHealth {
  /** Further entries of the `health` object. */
  readonly facts: JsonObject
  readonly warnings: readonly HealthWarning[]
}

/** A reason for the status `degraded`. */
export interface HealthWarning {
  readonly name: string
  readonly text: string
}

/** What a method is asked with before a sync. */
export interface MethodContext {
  readonly config: Config
  readonly database: Database
  readonly log: Log
}
