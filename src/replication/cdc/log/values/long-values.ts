import {
  type LogTuple,
  NULL_KIND,
  type TupleValue,
  UNCHANGED_KIND,
} from '../../../../wire/log-tuple.ts'
import type { LogChange, LogRelation } from '../../../../wire/pgoutput.ts'
import type { RowChange } from '../row-change.ts'

const NONE: ReadonlyMap<number, TupleValue> = new Map()
/** Maximum number of bytes for the values of all relations. */
const MAX_BYTES = 8 * 1024 * 1024
/** The server stores values out of line in rows above 2 KiB; in the log they may be shorter. */
const MIN_ROW_BYTES = 1024
const MIN_VALUE_BYTES = 256

/** The long values of a row in the ring buffer, in sequence. */
interface KeptRow {
  readonly start: number
  readonly values: readonly { column: number; kind: number; start: number; end: number }[]
}

/**
 * Cache of long values of recently changed rows: a later UPDATE that does not change them does not
 * contain them. They are in a ring buffer, which needs no allocation for each value: the rows whose
 * last change is the oldest are overwritten first.
 */
export class LongValues {
  readonly #maxBytes: number
  /** In the order of the ring buffer. */
  readonly #rows = new Map<string, KeptRow>()
  #ring = Buffer.alloc(0)
  #head = 0
  #relations = 0

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /**
   * Returns the values of a relation, valid until its next relation message. Null: the log has the
   * whole old row, or no UPDATE.
   */
  of({ identity, columns }: LogRelation): RelationValues | null {
    if (identity === 'f' || identity === 'n') return null
    const key = columns.flatMap(({ isKey }, index) => (isKey ? [index] : []))
    return new RelationValues(this, { key, id: `${this.#relations++}` })
  }

  /**
   * Returns the values of a row for the columns that `tuple` leaves out. Valid until the next call
   * of `add`.
   */
  missing(key: string, { kinds }: LogTuple): ReadonlyMap<number, TupleValue> {
    const known = this.#rows
      .get(key)
      ?.values.filter(({ column }) => kinds[column] === UNCHANGED_KIND)
    return new Map(
      known?.map(({ column, kind, start, end }) => {
        return [column, { kind, bytes: this.#ring.subarray(start, end) }]
      }),
    )
  }

  delete(key: string): void {
    this.#rows.delete(key)
  }

  /**
   * @param key a key that is not in use.
   * @returns whether the tuple has long values, and there is room for them.
   */
  add(key: string, tuple: LogTuple): boolean {
    const columns = longColumns(tuple)
    const { bytes, kinds, starts, ends } = tuple
    const length = columns.reduce((sum, column) => sum + ends[column]! - starts[column]!, 0)
    if (length === 0 || length > this.#maxBytes) return false
    const start = this.#reserve(length)
    let at = start
    const values = columns.map((column) => {
      const from = at
      at += bytes.copy(this.#ring, from, starts[column], ends[column])
      return { column, kind: kinds[column]!, start: from, end: at }
    })
    this.#rows.set(key, { start, values })
    return true
  }

  /** Makes room in the ring buffer by removing the oldest rows. */
  #reserve(length: number): number {
    if (this.#ring.length === 0) this.#ring = Buffer.allocUnsafeSlow(this.#maxBytes)
    if (this.#head + length > this.#maxBytes) {
      this.#dropBefore(this.#maxBytes)
      this.#head = 0
    }
    const start = this.#head
    this.#dropBefore(start + length)
    this.#head = start + length
    return start
  }

  /** Removes the rows between the head and `end`: the rows before the head are newer. */
  #dropBefore(end: number): void {
    for (const [key, { start }] of this.#rows) {
      if (start < this.#head || start >= end) return
      this.#rows.delete(key)
    }
  }
}

function longColumns({ count, kinds, starts, ends }: LogTuple): readonly number[] {
  const columns: number[] = []
  for (let column = 0; column < count; column++) {
    const kind = kinds[column]
    if (kind === NULL_KIND || kind === UNCHANGED_KIND) continue
    if (ends[column]! - starts[column]! >= MIN_VALUE_BYTES) columns.push(column)
  }
  return columns
}

/** The values of one relation in `LongValues`. */
class RelationValues {
  readonly #all: LongValues
  readonly #key: readonly number[]
  readonly #id: string
  /** Whether a row has been stored: until then, changes of short rows are ignored. */
  #isUsed = false

  constructor(all: LongValues, { key, id }: { key: readonly number[]; id: string }) {
    this.#all = all
    this.#key = key
    this.#id = id
  }

  /**
   * Processes the next change.
   * @returns the new row with the values that the log leaves out, as far as they are known.
   */
  follow(kind: RowChange['kind'], change: LogChange): LogTuple {
    const { newTuple, oldTuple, oldKind } = change
    const isLong = kind !== 'DELETE' && newTuple.extent >= MIN_ROW_BYTES
    if (!isLong && !this.#isUsed) return newTuple
    const isOldKey = kind === 'DELETE' || oldKind !== 'none'
    const from = this.#keyOf(isOldKey ? oldTuple : newTuple, oldTuple)
    const missing =
      kind === 'UPDATE' && newTuple.hasUnchanged ? this.#all.missing(from, newTuple) : NONE
    const whole = missing.size > 0 ? newTuple.detach(missing) : newTuple
    this.#all.delete(from)
    if (kind === 'DELETE') return newTuple
    const to = isOldKey ? this.#keyOf(newTuple, oldTuple) : from
    this.#all.delete(to)
    if ((isLong || missing.size > 0) && this.#all.add(to, whole)) this.#isUsed = true
    return whole
  }

  /** A key value that is stored out of line is in the old row. */
  #keyOf(tuple: LogTuple, old: LogTuple): string {
    let key = this.#id
    for (const index of this.#key) {
      const { kinds, bytes, starts, ends } = tuple.kinds[index] === UNCHANGED_KIND ? old : tuple
      const isNull = kinds[index] === NULL_KIND
      key += isNull ? '/' : `/${ends[index]! - starts[index]!}:`
      if (!isNull) key += bytes.toString('latin1', starts[index], ends[index])
    }
    return key
  }
}
