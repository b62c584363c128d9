const XID_BITS = 32

/**
 * Decides which transactions of the log a snapshot shows. An LSN is not sufficient: a commit record
 * may be in the log, and may have been sent, while new snapshots still list its transaction as
 * running.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT-PARTS
 */
export class SnapshotFilter {
  /** The oldest transaction that may have been running. */
  readonly xmin: bigint
  readonly #xmax: bigint
  readonly #running: ReadonlySet<bigint>

  /**
   * @param text `xmin:xmax:xip,…`, the text form of `pg_current_snapshot()`.
   * @throws RangeError if it is malformed.
   */
  constructor(text: string) {
    const [, xmin, xmax, running] = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/.exec(text) ?? []
    if (xmin === undefined || xmax === undefined) throw new RangeError(`not a snapshot: ${text}`)
    this.xmin = BigInt(xmin)
    this.#xmax = BigInt(xmax)
    this.#running = new Set((running ?? '').split(',').filter(Boolean).map(BigInt))
  }

  /**
   * Whether the snapshot contains the changes of a committed transaction. `xid` is the top-level id
   * from Begin; the snapshot also lists subtransactions and prepared transactions by it.
   */
  shows(xid: number): boolean {
    const wide = widenXid(xid, this.#xmax)
    return wide < this.xmin || (wide < this.#xmax && !this.#running.has(wide))
  }
}

/**
 * Returns the text of a snapshot for a `SnapshotFilter`. On a standby, `txid_current_snapshot()`
 * does not list the running transactions of the primary: all transactions from `xmin` on count as
 * not shown, so some changes are repeated and none is lost.
 */
export function shownText(
  { text, xmin }: { readonly text: string; readonly xmin: bigint },
  isStandby: boolean,
): string {
  return isStandby ? `${xmin}:${xmin}:` : text
}

/**
 * Returns the 64-bit id nearest to `near` whose low 32 bits are `xid`. The log of a slot spans less
 * than half of the 32-bit transaction ids, because the server stops before they wrap around.
 */
export function widenXid(xid: number, near: bigint): bigint {
  return near + BigInt.asIntN(XID_BITS, BigInt(xid) - near)
}
