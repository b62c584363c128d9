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

/** Parts of a sync: its inputs and outputs. */
export interface SyncParts {
  readonly config: Config
  readonly database: Database
  /** Snapshot of another process to read in; null: a new one is taken. */
  readonly imported: SharedFrom | null
  readonly states: RunStates
  readonly statuses: StreamStatuses
  readonly health: HealthLog
  readonly progress: Progress
  /** Saves the states; null: `--state-out` was not given. */
  readonly stateFile: StateFile | null
  readonly writers: Writers
}

/** A sync with all its attempts. */
export interface Sync extends SyncParts {
  /** `performance.now()` at its start. */
  readonly startedMs: number
  readonly policy: ReaderPolicy
  /** The checkpointer of a feed, which continues to count records after a failed attempt. */
  checkpointerOf(feed: Feed): Checkpointer
}

/** Adds what all attempts of a sync share. */
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

/** Identifies a feed over all attempts: a later attempt has new feeds for the same streams. */
function keyOf({ scope, plans }: Feed): string {
  return scope === 'GLOBAL' ? scope : streamKey(plans[0]!.descriptor)
}
