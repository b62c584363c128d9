import { literal } from '../sql.ts'

/**
 * The transactions that are visible in a snapshot, by 64-bit ids: all that were committed below
 * `xmin`, and from `xmin` on only `xids` (the low 32 bits, as in the system column xmin). All others
 * may become visible later.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export interface Horizon {
  readonly xmin: bigint
  readonly xids: readonly string[]
  /** The server's clock when the snapshot was taken, in milliseconds since 1970. */
  readonly atMs: number
}

/**
 * Snapshot of a transaction. Transactions below `xmin` had ended; those from `xmax` on had no id
 * yet.
 */
export interface Snapshot extends Omit<Horizon, 'xids'> {
  readonly xmax: bigint
}

/** Xids of rows have 32 bits and are compared modulo 2^32: half of them are in the future. */
const HALF_CIRCLE = 2n ** 31n
const XID_MASK = 2n ** 32n - 1n

/**
 * Whether the xids of rows can be compared with a horizon. It must not be ahead of the snapshot,
 * which means that it is from another server, nor so far behind that 32-bit xids have wrapped
 * around.
 */
export function isComparable(horizon: Pick<Horizon, 'xmin'>, snapshot: Snapshot): boolean {
  return horizon.xmin <= snapshot.xmin && snapshot.xmax - horizon.xmin < HALF_CIRCLE
}

/**
 * Builds a condition on the system column xmin that is true for rows which the horizon does not
 * cover. `age` is the distance from the newest xid; it is negative for rows so old that their xid
 * has wrapped around. Such rows are frozen.
 */
export function notCoveredBy(
  { xmin, xids }: Pick<Horizon, 'xmin' | 'xids'>,
  column = 'xmin',
): string {
  const oldest = `'${xmin & XID_MASK}'::pg_catalog.xid`
  const age = `pg_catalog.age(${column})`
  const range =
    `${age} OPERATOR(pg_catalog.>=) 0::pg_catalog.int4` +
    ` AND ${age} OPERATOR(pg_catalog.<=) pg_catalog.age(${oldest})`
  if (xids.length === 0) return range
  const list = `${literal(`{${xids.join(',')}}`)}::pg_catalog.xid[]`
  return `${range} AND ${column} OPERATOR(pg_catalog.<>) ALL (${list})`
}

/** Whether no transaction has ended between two snapshots. Then no data can have changed. */
export function isSameHorizon(a: Horizon | null, b: Horizon | null): boolean {
  return a !== null && b !== null && a.xmin === b.xmin && a.xids.join() === b.xids.join()
}
