import { streamKey } from '../protocol/stream-names.ts'
import type { Config } from '../config/config.ts'
import type { HealthLog } from '../monitoring/health-log.ts'
import type { Database } from '../postgres/session/database.ts'
import type { SharedFrom } from '../postgres/session/read-transaction.ts'
import type { ReaderPolicy } from '../parallel/snapshot-setting.ts'
import type { Feed } from '../replication/feed.ts'
import type { Progress } from '../terminal/progress.ts'
import type { Writers } from '../writers/writer.ts'
import { Checkpointer } from './checkpointer.ts'
import type { RunStates } from './run-states.ts'
import type { StateFile } from './state-file.ts'
import type { StreamStatuses } from './stream-statuses.ts'

/** What a sync reads with and what it reports to. */
export interface SyncParts {
  readonly config: Config
  readonly database: Database
  /** The snapshot of another process to read in; null: it takes one. */
  readonly imported: SharedFrom | null
  readonly states: RunStates
  readonly statuses: StreamStatuses
  readonly health: HealthLog
  readonly progress: Progress
  /** Follows the states; null: `--state-out` was not given. */
  readonly stateFile: StateFile | null
  readonly writers: Writers
}

/** A sync, over all its attempts. */
export interface Sync extends SyncParts {
  /** `performance.now()` of its begin. */
  readonly startedMs: number
  readonly policy: ReaderPolicy
  /** Counts the records of a feed between two states, also when an attempt has failed between them. */
  checkpointerOf(feed: Feed): Checkpointer
}

/** Adds what the attempts of a sync have in common. */
export function openSync(parts: SyncParts): Sync {
  const checkpointers = new Map<string, Checkpointer>()
  const startedMs = performance.now()
  return {
    ...parts,
    startedMs,
    policy: { separatesReaders: true, addsReaders: true },
    checkpointerOf: (feed) => {
      const key = keyOf(feed)
      const checkpointer = checkpointers.get(key) ?? new Checkpointer(parts.config, startedMs)
      checkpointers.set(key, checkpointer)
      return checkpointer
    },
  }
}

/** A later attempt has feeds of its own, for the same streams. */
function keyOf({ scope, plans }: Feed): string {
  return scope === 'GLOBAL' ? scope : streamKey(plans[0]!.descriptor)
}
