import type { PoolFigures } from '../postgres/session/database.ts'
import type { HealthWarning } from '../replication/method.ts'

/** Observations about a read in progress. */
export interface HealthSigns {
  readonly pool: PoolFigures
  /** The share of the last half minute that was spent waiting for the consumer: 0 to 1. */
  readonly consumerShare: number
  /** Whether the previous check detected back-pressure. */
  readonly wasSlow: boolean
  /** Lock for which the backend of the sync waits, such as `Lock: relation`; null: none. */
  readonly lockWait: string | null
  /**
   * Null: there is no snapshot, or the server is a standby, where a snapshot does not prevent
   * cleanup.
   */
  readonly snapshotAgeMs: number | null
}

const SLOW_SHARE = 0.5
/** Share below which back-pressure has ended. */
const RELEASED_SHARE = 0.25
const OLD_SNAPSHOT_MS = 10 * 60_000
const MINUTE_MS = 60_000

/** Returns the warnings for these observations. */
export function findWarnings(signs: HealthSigns): readonly HealthWarning[] {
  const { pool, consumerShare, wasSlow, lockWait, snapshotAgeMs } = signs
  const warnings: HealthWarning[] = []
  if (pool.waiting > 0) {
    const text = `the pool is exhausted: ${pool.waiting} wait for one of ${pool.max} connections (max_connections)`
    warnings.push({ name: 'pool_exhausted', text })
  }
  if (consumerShare > (wasSlow ? RELEASED_SHARE : SLOW_SHARE)) {
    warnings.push({
      name: 'slow_consumer',
      text: 'back-pressure: the destination reads slower than the source',
    })
  }
  if (lockWait !== null) {
    const text = `the backend of the sync waits for ${lockWait}, which another session holds`
    warnings.push({ name: 'lock_wait', text })
  }
  if (snapshotAgeMs !== null && snapshotAgeMs > OLD_SNAPSHOT_MS) {
    const minutes = Math.floor(snapshotAgeMs / MINUTE_MS)
    const text = `the snapshot of the sync is ${minutes} minutes old: VACUUM cannot remove rows that were deleted since`
    warnings.push({ name: 'old_snapshot', text })
  }
  return warnings
}
