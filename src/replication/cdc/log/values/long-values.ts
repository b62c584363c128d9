import {
  type LogTuple,
  NULL_KIND,
  type TupleValue,
  UNCHANGED_KIND,
} from '../../../../wire/log-tuple.ts'
import type { LogChange, LogRelation } from '../../../../wire/pgoutput.ts'
import type { RowChange } from '../row-change.ts'

/** Bytes that the values of all relations may take. */
const MAX_BYTES = 8 * 1024 * 1024
/** What a row takes besides its values. */
const ROW_BYTES = 300
/** The server stores values out of line in rows above 2 KiB; in the log they may be shorter. */
const MIN_ROW_BYTES = 1024
const MIN_VALUE_BYTES = 256

/** The long values of a row by column. */
interface KeptRow {
  readonly values: ReadonlyMap<number, TupleValue>
  readonly bytes: number
}

/**
 * Long values of rows that were changed last: those that a later UPDATE does not change are missing there. Bounded; the
 * rows that were changed the longest time ago go first.
 */
export class LongValues {
  readonly #maxBytes: number
  readonly #rows = new Map<string, KeptRow>()
  #bytes = 0
  #relations = 0

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Of a relation as the log describes it, until it does so again. Null: the log has the whole old row, or no UPDATE. */
  of({ identity, columns }: LogRelation): RelationValues | null {
    if (identity === 'f' || identity === 'n') return null
    const key = columns.flatMap(({ isKey }, index) => (isKey ? [index] : []))
    return new RelationValues(this, { key, id: `${this.#relations++}` })
  }

  get(key: string): KeptRow | undefined {
    return this.#rows.get(key)
  }

  delete(key: string): boolean {
    const row = this.#rows.get(key)
    if (row === undefined) return false
    this.#bytes -= row.bytes
    return this.#rows.delete(key)
  }

  /** @param key not in use. */
  add(key: string, values: ReadonlyMap<number, TupleValue>): void {
    let bytes = ROW_BYTES + key.length
    for (const value of values.values()) bytes += value.bytes.length
    this.#rows.set(key, { values, bytes })
    this.#bytes += bytes
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.delete(oldest)
    }
  }
}

/** The part of `LongValues` that is of one relation. */
class RelationValues {
  readonly #all: LongValues
  readonly #key: readonly number[]
  readonly #id: string
  /** Whether a row has been kept: until then, changes of short rows are of no interest. */
  #isUsed = false

  constructor(all: LongValues, { key, id }: { key: readonly number[]; id: string }) {
    this.#all = all
    this.#key = key
    this.#id = id
  }

  /**
   * Takes the next change into account.
   * @returns The new row with the values that the log leaves out, as far as they are known.
   */
  follow(kind: RowChange['kind'], change: LogChange): LogTuple {
    const { newTuple, oldTuple, oldKind } = change
    const isLong = kind !== 'DELETE' && newTuple.extent >= MIN_ROW_BYTES
    if (!isLong && !this.#isUsed) return newTuple
    const isOldKey = kind === 'DELETE' || oldKind !== 'none'
    const from = this.#keyOf(isOldKey ? oldTuple : newTuple, oldTuple)
    const known = kind === 'UPDATE' ? this.#all.get(from)?.values : undefined
    this.#all.delete(from)
    if (kind === 'DELETE') return newTuple
    const to = isOldKey ? this.#keyOf(newTuple, oldTuple) : from
    const kept = valuesOf(newTuple, { known, isLong })
    if (to !== from) this.#all.delete(to)
    if (kept.size > 0) {
      this.#all.add(to, kept)
      this.#isUsed = true
    }
    return newTuple.hasUnchanged && kept.size > 0
      ? newTuple.detach(missing(newTuple, kept))
      : newTuple
  }

  /** A value of the key that is stored out of line is in the old row. */
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

/** Long values of a row: those of the change, and those known before that it leaves alone. */
function valuesOf(
  tuple: LogTuple,
  { known, isLong }: { known: KeptRow['values'] | undefined; isLong: boolean },
): ReadonlyMap<number, TupleValue> {
  const values = new Map<number, TupleValue>()
  for (let index = 0; index < tuple.count; index++) {
    const kind = tuple.kinds[index]!
    if (kind === UNCHANGED_KIND) {
      const value = known?.get(index)
      if (value !== undefined) values.set(index, value)
    } else if (isLong && kind !== NULL_KIND) {
      const [start, end] = [tuple.starts[index]!, tuple.ends[index]!]
      if (end - start < MIN_VALUE_BYTES) continue
      values.set(index, { kind, bytes: Buffer.from(tuple.bytes.subarray(start, end)) })
    }
  }
  return values
}

function missing(
  { kinds }: LogTuple,
  kept: ReadonlyMap<number, TupleValue>,
): ReadonlyMap<number, TupleValue> {
  return new Map([...kept].filter(([index]) => kinds[index] === UNCHANGED_KIND))
}
