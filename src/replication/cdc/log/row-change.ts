import { LogTuple } from '../../../wire/log-tuple.ts'
import type { LogChange } from '../../../wire/pgoutput.ts'
import { LogTransaction } from './log-stream.ts'

/** A change of one row with its transaction. Valid only during the call, unless it was detached. */
export interface RowChange {
  readonly kind: 'INSERT' | 'UPDATE' | 'DELETE'
  readonly transaction: LogTransaction
  readonly lsnHigh: number
  readonly lsnLow: number
  readonly newTuple: LogTuple
  readonly oldKind: LogChange['oldKind']
  readonly oldTuple: LogTuple
}

/** The change that is being read: the same object for all changes. */
export class CurrentRow implements RowChange {
  kind: RowChange['kind'] = 'INSERT'
  transaction = new LogTransaction(0, 0n)
  lsnHigh = 0
  lsnLow = 0
  newTuple = new LogTuple(0)
  oldKind: RowChange['oldKind'] = 'none'
  oldTuple = new LogTuple(0)

  /** @throws Error outside of a transaction. */
  fill(
    kind: RowChange['kind'],
    change: LogChange,
    newTuple: LogTuple,
    transaction: LogTransaction | null,
  ): this {
    if (transaction === null) throw new Error('a change outside of a transaction')
    this.kind = kind
    this.transaction = transaction
    this.lsnHigh = change.lsnHigh
    this.lsnLow = change.lsnLow
    this.newTuple = newTuple
    this.oldKind = change.oldKind
    this.oldTuple = change.oldTuple
    return this
  }
}

/** Returns a copy that stays valid. */
export function detach(row: RowChange): RowChange {
  const { kind, transaction, lsnHigh, lsnLow, oldKind } = row
  const tuples = { newTuple: row.newTuple.detach(), oldTuple: row.oldTuple.detach() }
  return { kind, transaction, lsnHigh, lsnLow, oldKind, ...tuples }
}
