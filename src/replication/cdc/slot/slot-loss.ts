import type { LogFacts, Slot } from '../../../introspection/replication/slot.ts'

/** Why the log cannot be read from where a slot stands. */
interface SlotLoss {
  /** `invalidation_reason` of the server, or what there is of it. */
  readonly reason: string
  readonly cause: string
  /** What keeps it from happening again: half a sentence. */
  readonly prevention: string
}

type Explanation = Pick<SlotLoss, 'cause' | 'prevention'>

const LOG_REMOVED: Explanation = {
  cause: 'the server has removed the log that it needs',
  prevention: 'Raise max_slot_wal_keep_size or sync more often',
}
const ROWS_REMOVED: Explanation = {
  cause: 'the primary has removed rows of the system catalogs that it needs',
  prevention:
    'Set hot_standby_feedback to on and let the standby use a physical slot of the primary',
}
/** By `invalidation_reason`, since PostgreSQL 17. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  rows_removed: ROWS_REMOVED,
  wal_level_insufficient: {
    cause: 'wal_level of the primary was lowered',
    prevention: 'Keep wal_level of the primary at logical',
  },
  idle_timeout: {
    cause: 'no process read from it for longer than idle_replication_slot_timeout',
    prevention: 'Raise idle_replication_slot_timeout or sync more often',
  },
}
/**
 * A slot that was idle for a third of the timeout will reach it between two syncs, or in a first
 * load.
 */
const IDLE_FRACTION = 3

/** Why the server can no longer read the log from where the slot stands; null: it can. */
export function lossOf(slot: Slot): SlotLoss | null {
  const { walStatus, invalidationReason, isConflicting, restartLsn } = slot
  const isInvalid = walStatus === 'lost' || invalidationReason !== null || isConflicting
  if (restartLsn !== null && !isInvalid) return null
  const reason = invalidationReason ?? walStatus ?? 'wal_removed'
  // PostgreSQL 16 reports only that the slot of a standby conflicts
  const other = isConflicting ? ROWS_REMOVED : LOG_REMOVED
  return { reason, ...(EXPLANATIONS[reason] ?? other) }
}

/** That the slot is about to be invalidated because no process reads from it; null: it is not. */
export function idleRisk({ slot, idleS, idleSlotTimeoutS }: LogFacts): string | null {
  if (slot === null || lossOf(slot) !== null || idleS === null) return null
  if (idleSlotTimeoutS === 0 || idleSlotTimeoutS >= IDLE_FRACTION * idleS) return null
  return `was idle for ${Math.round(idleS)} s, and idle_replication_slot_timeout is ${idleSlotTimeoutS} s. Raise it or sync more often`
}
