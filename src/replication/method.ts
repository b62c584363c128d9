import type { ConnectorError } from '../errors.ts'
import type { Feed } from './feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** A way to read streams. One file, one object, one line in `methods.ts`. */
export interface ReplicationMethod {
  readonly name: 'full_refresh' | 'cursor' | 'xmin' | 'cdc'
  /** What keeps it from reading this stream; null: nothing. */
  prerequisite(plan: StreamPlan): ConnectorError | null
  /** The feeds that read its streams. */
  feeds(plans: readonly StreamPlan[]): readonly Feed[]
}
