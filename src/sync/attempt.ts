import type { Config } from '../config/config.ts'
import type { HealthLog } from '../monitoring/health-log.ts'
import type { Database } from '../postgres/session/database.ts'
import type { Sharing } from '../postgres/session/twin-transaction.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Checkpointer } from '../state/checkpointer.ts'
import type { Progress } from '../terminal/progress.ts'
import type { Destination } from '../writers/writer.ts'
import type { StateFile } from './state-file.ts'
import type { StatusBoard } from './stream-statuses.ts'

/** What a read consists of. */
export interface Reading {
  readonly config: Config
  readonly database: Database
  readonly plans: readonly StreamPlan[]
  /** Makes the same plans anew, from what the database is then. */
  readonly makePlans: () => Promise<readonly StreamPlan[]>
  readonly health: HealthLog
  readonly progress: Progress
  /** Follows the states; null: nobody asked for it. */
  readonly stateFile: StateFile | null
  readonly destination: Destination
}

/** A read with what its attempts have in common. */
export interface Attempt extends Reading {
  readonly statuses: StatusBoard
  readonly checkpointers: ReadonlyMap<StreamPlan, Checkpointer>
  readonly sharing: Sharing
}
