import { NULL_KIND, type LogTuple, UNCHANGED_KIND } from '../../../wire/log-tuple.ts'
import type { LogRelation } from '../../../wire/pgoutput.ts'
import type { TypeResolver } from '../../../types/type-resolver.ts'
import type { ChangeSink } from '../../feed.ts'
import { bindColumns } from './bound-columns.ts'
import { type KeyMatch, keyMatch } from './values/key-match.ts'
import type { LogStream } from './log-stream.ts'
import type { LoggedColumns } from './logged-columns.ts'
import type { RowChange } from './row-change.ts'

/** Writes the changes of one relation in the log as records of one stream. */
export class ChangeWriter {
  readonly stream: LogStream
  /** Columns of the relation that are fields of the stream. */
  readonly columns: ReadonlySet<number>
  /** Those whose values do not show what they are in the type of today: they are fetched by key. */
  readonly retyped: readonly number[]
  readonly logged: LoggedColumns
  /** Columns of the relation that identify a row; empty if the relation lacks one of them. */
  readonly key: readonly number[]
  /** How each column of the key is compared; null: a row cannot be fetched by the key. */
  readonly keyMatches: readonly KeyMatch[] | null
  /** Whether the log contains the old key of a row: not with an earlier replica identity. */
  readonly hasOldKeys: boolean
  /** Whether the binary form of all values can be read. */
  readonly hasBinaryForm: boolean
  readonly #sink: ChangeSink

  /** @param types all types of the relation's columns, and of the key as the stream has it. */
  constructor(
    stream: LogStream,
    { columns, logged }: Pick<LogRelation, 'columns'> & { readonly logged: LoggedColumns },
    types: TypeResolver,
  ) {
    const bound = bindColumns(stream, { columns, logged }, types)
    const keyNames = stream.plan.relation.log?.key ?? []
    this.stream = stream
    this.logged = logged
    this.retyped = bound.retyped
    this.columns = new Set(bound.columns.flatMap((column) => column?.index ?? []))
    const key = keyNames.map((name) => logged.indexOf(name) ?? null)
    this.key = key.every((index) => index !== null) ? key : []
    const matches = this.key.map((index, position) => {
      const name = keyNames[position]!
      return keyMatch({ logged: columns[index]!.typeOid, current: stream.typeOf(name) }, types)
    })
    this.keyMatches =
      this.key.length > 0 && matches.every((match) => match !== null) ? matches : null
    this.hasOldKeys = this.key.every((index) => columns[index]!.isKey)
    this.hasBinaryForm = bound.hasBinaryForm
    this.#sink = stream.sink.bind(bound.columns)
  }

  /** Whether a value of the stream is not in the log, and can be fetched by the key. */
  lacksValue({ kind, newTuple }: RowChange): boolean {
    if (kind === 'DELETE' || !newTuple.hasUnchanged || this.keyMatches === null) return false
    return this.unchanged(newTuple).length > 0
  }

  /** Columns of the stream whose values are not in the log. */
  unchanged({ kinds }: LogTuple): readonly number[] {
    return [...this.columns].filter((index) => kinds[index] === UNCHANGED_KIND)
  }

  /**
   * A change of the key is two records, because a destination cannot find the old row by the new
   * key.
   */
  write(change: RowChange): void {
    if (this.stream.shows(change.transaction)) return
    const { kind, newTuple, oldTuple } = change
    const isGone = this.hasOldKeys && (kind === 'DELETE' || this.#isMoved(change))
    if (isGone) this.#record(change, oldTuple, 'DELETED')
    if (kind !== 'DELETE') this.#record(change, newTuple, isGone ? 'MOVED' : 'CURRENT')
  }

  /**
   * The position of a moved row is one higher than that of its delete: a destination may compare
   * keys differently than the server, and take 1.0 and 1.00 for one key. Changes are at multiples
   * of 8, so no other change has this position.
   */
  #record(
    { transaction, lsnHigh, lsnLow }: RowChange,
    tuple: LogTuple,
    row: 'DELETED' | 'MOVED' | 'CURRENT',
  ): void {
    const { changeColumns } = this.stream
    changeColumns.lsnHigh = lsnHigh
    changeColumns.lsnLow = row === 'MOVED' ? lsnLow + 1 : lsnLow
    changeColumns.updatedAt = transaction.time
    changeColumns.isDeleted = row === 'DELETED'
    this.#sink.change(tuple)
  }

  /** The log also contains an old key that has not changed if its values are stored out of line. */
  #isMoved({ kind, oldKind, oldTuple, newTuple }: RowChange): boolean {
    const hasOld = kind === 'UPDATE' && oldKind !== 'none'
    return hasOld && this.key.some((index) => differs(oldTuple, newTuple, index))
  }
}

function differs(old: LogTuple, now: LogTuple, index: number): boolean {
  const kind = now.kinds[index]
  if (kind === UNCHANGED_KIND) return false
  if (kind === NULL_KIND || old.kinds[index] === NULL_KIND) return kind !== old.kinds[index]
  const from = now.starts[index]!
  const to = now.ends[index]!
  return now.bytes.compare(old.bytes, old.starts[index], old.ends[index], from, to) !== 0
}
