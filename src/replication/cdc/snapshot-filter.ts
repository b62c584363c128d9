const XID_BITS = 32

/**
 * Tells which transactions of the log a snapshot shows. An LSN cannot tell: a commit record may be in the log, and may
 * have been sent, while snapshots still count its transaction as running.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT-PARTS
 */
export class SnapshotFilter {
  readonly #xmin: bigint
  readonly #xmax: bigint
  readonly #running: ReadonlySet<bigint>

  /**
   * @param text `xmin:xmax:xip,…`, the text form of `pg_current_snapshot()`.
   * @throws RangeError if it is not one.
   */
  constructor(text: string) {
    const [, xmin, xmax, running] = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/.exec(text) ?? []
    if (xmin === undefined || xmax === undefined) throw new RangeError(`not a snapshot: ${text}`)
    this.#xmin = BigInt(xmin)
    this.#xmax = BigInt(xmax)
    this.#running = new Set((running ?? '').split(',').filter(Boolean).map(BigInt))
  }

  /**
   * Whether the changes of a committed transaction are in the snapshot. `xid` is the top-level one, as Begin has it;
   * of subtransactions and prepared transactions the snapshot lists nothing else.
   */
  shows(xid: number): boolean {
    const wide = widenXid(xid, this.#xmax)
    return wide < this.#xmin || (wide < this.#xmax && !this.#running.has(wide))
  }
}

/**
 * The text of a snapshot for a `SnapshotFilter`. On a standby `txid_current_snapshot()` names none of the transactions
 * that run on the primary: none from `xmin` on is taken as shown, so that some changes are repeated and none is lost.
 */
export function shownText(
  { text, xmin }: { readonly text: string; readonly xmin: bigint },
  isStandby: boolean,
): string {
  return isStandby ? `${xmin}:${xmin}:` : text
}

/**
 * The 64-bit id nearest to `near` that ends in the 32 bits `xid`. The log of a slot spans less than half of the circle
 * of transaction ids, since the server stops before they wrap around.
 */
export function widenXid(xid: number, near: bigint): bigint {
  return near + BigInt.asIntN(XID_BITS, BigInt(xid) - near)
}
