import { viewOf } from '../bytes/byte-view.ts'

/** Kind bytes of TupleData: how a column is sent. */
export const NULL_KIND = 0x6e /* n */
export const UNCHANGED_KIND = 0x75 /* u: a TOASTed value that the change did not modify; the log does not contain it */
export const TEXT_KIND = 0x74 /* t: the text of the output function */
export const BINARY_KIND = 0x62 /* b: the bytes of the send function */

/** A value that is not part of a tuple. */
export interface TupleValue {
  /** One of the `…_KIND`s. */
  readonly kind: number
  /** Empty for NULL. */
  readonly bytes: Buffer
}

/** Maximum number of columns of a tuple: MaxTupleAttributeNumber. */
const MAX_COLUMNS = 1664
const COUNT_BYTES = 2
const LENGTH_BYTES = 4

/**
 * The columns of a TupleData of pgoutput: the position of each value in `bytes`, without an object
 * per value. One instance is filled again for each row, so its content is only valid during the
 * call that passes it; `detach` returns a copy.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html#PROTOCOL-LOGICALREP-MESSAGE-FORMATS-TUPLEDATA
 */
export class LogTuple {
  bytes: Buffer = Buffer.alloc(0)
  /** Number of columns. */
  count = 0
  /** Size in the message, in bytes. */
  extent = 0
  /** Indexed by column: one of the `…_KIND`s. */
  readonly kinds: Uint8Array
  /** Indexed by column, for text and binary kinds: the value is `bytes[starts[i], ends[i])`. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Whether a column has the kind `UNCHANGED_KIND`. */
  hasUnchanged = false

  constructor(maxColumns = MAX_COLUMNS) {
    this.kinds = new Uint8Array(maxColumns)
    this.starts = new Int32Array(maxColumns)
    this.ends = new Int32Array(maxColumns)
  }

  /**
   * Reads the tuple at `start`; returns the position after it.
   * @throws RangeError if the tuple does not end before `end` or does not have `columns` columns.
   */
  read(bytes: Buffer, start: number, end: number, columns: number): number {
    const view = viewOf(bytes)
    if (start + COUNT_BYTES > end) throw cutTuple()
    const count = view.getInt16(start)
    if (count !== columns || count > this.kinds.length) throw otherCount(count, columns)
    this.bytes = bytes
    this.count = count
    this.hasUnchanged = false
    let at = start + COUNT_BYTES
    for (let i = 0; i < count; i++) {
      if (at >= end) throw cutTuple()
      const kind = bytes[at++]!
      this.kinds[i] = kind
      if (kind === TEXT_KIND || kind === BINARY_KIND) {
        if (at + LENGTH_BYTES > end) throw cutTuple()
        const length = view.getInt32(at)
        at += LENGTH_BYTES
        if (length < 0 || length > end - at) throw cutTuple()
        this.starts[i] = at
        at += length
        this.ends[i] = at
      } else if (kind === UNCHANGED_KIND) this.hasUnchanged = true
      else if (kind !== NULL_KIND)
        throw new RangeError('damaged replication stream: unknown kind of value')
    }
    this.extent = at - start
    return at
  }

  /** Total size of the values, in bytes. */
  get size(): number {
    let size = 0
    for (let i = 0; i < this.count; i++) {
      const isValue = this.kinds[i] === TEXT_KIND || this.kinds[i] === BINARY_KIND
      if (isValue) size += this.ends[i]! - this.starts[i]!
    }
    return size
  }

  /** Replaces column `index` by that of `other`, a tuple of the same message. */
  take(other: LogTuple, index: number): void {
    if (other.bytes !== this.bytes) throw new Error('The tuples are not of one message')
    this.kinds[index] = other.kinds[index]!
    this.starts[index] = other.starts[index]!
    this.ends[index] = other.ends[index]!
  }

  /** Makes values of columns unknown, as if the log left them out. NULL stays NULL. */
  hide(columns: readonly number[]): void {
    for (const index of columns) {
      if (index >= this.count || this.kinds[index] === NULL_KIND) continue
      this.kinds[index] = UNCHANGED_KIND
      this.hasUnchanged = true
    }
  }

  /** Returns a copy that stays valid, in which `values` replaces columns. */
  detach(values: ReadonlyMap<number, TupleValue> = NOTHING): LogTuple {
    const copy = new LogTuple(this.count)
    copy.count = this.count
    const parts: Buffer[] = []
    let at = 0
    for (let i = 0; i < this.count; i++) {
      const replaced = values.get(i)
      const kind = replaced?.kind ?? this.kinds[i]!
      copy.kinds[i] = kind
      if (kind === UNCHANGED_KIND) copy.hasUnchanged = true
      if (kind !== TEXT_KIND && kind !== BINARY_KIND) continue
      const bytes = replaced?.bytes ?? this.bytes.subarray(this.starts[i], this.ends[i])
      parts.push(bytes)
      copy.starts[i] = at
      at += bytes.length
      copy.ends[i] = at
    }
    copy.bytes = Buffer.concat(parts, at)
    return copy
  }
}

const NOTHING: ReadonlyMap<number, TupleValue> = new Map()

function cutTuple(): RangeError {
  return new RangeError('damaged replication stream: a tuple is cut')
}

function otherCount(actual: number, expected: number): RangeError {
  const known = 'PostgreSQL 15.0 and 15.1 do this for publications with column lists'
  const message = `a tuple has ${actual} columns instead of ${expected} (${known})`
  return new RangeError(`damaged replication stream: ${message}`)
}
