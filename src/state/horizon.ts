import { literal } from '../sql.ts'

/**
 * What a snapshot saw, by transaction ids of 64 bits: everything that was committed below `xmin`, and of those from
 * `xmin` on only `xids` (32 bits, as the column xmin has them). Anything else may become visible later.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export interface Horizon {
  readonly xmin: bigint
  readonly xids: readonly string[]
  /** The server's clock when the snapshot was taken, in milliseconds since 1970. */
  readonly atMs: number
}

/** The snapshot of a transaction. Transactions below `xmin` have ended, those from `xmax` on had not begun to write. */
export interface Snapshot extends Omit<Horizon, 'xids'> {
  readonly xmax: bigint
}

/** The xids of rows have 32 bits and are compared in a circle: half of it lies ahead. */
const HALF_CIRCLE = 2n ** 31n
const XID_MASK = 2n ** 32n - 1n

/**
 * Whether the xids of rows can be compared with a horizon: it is not ahead of the snapshot (then this is another
 * server's history), nor so far behind that the circle of xids has come round.
 */
export function isComparable(horizon: Pick<Horizon, 'xmin'>, snapshot: Snapshot): boolean {
  return horizon.xmin <= snapshot.xmin && snapshot.xmax - horizon.xmin < HALF_CIRCLE
}

/**
 * SQL that is true for the rows which the horizon does not cover, by their system column xmin. `age` counts backwards from the newest xid; it is
 * negative for rows so old that the circle has come round, which are frozen.
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

/** Whether no transaction has ended between two snapshots: then nothing can have changed. */
export function isSameHorizon(a: Horizon | null, b: Horizon | null): boolean {
  return a !== null && b !== null && a.xmin === b.xmin && a.xids.join() === b.xids.join()
}
