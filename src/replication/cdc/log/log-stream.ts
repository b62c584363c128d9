import { type ChangeColumns, changeTime } from '../../change-columns.ts'
import type { RowSink } from '../../feed.ts'
import type { StreamPlan } from '../../stream-plan.ts'
import { SnapshotFilter } from '../snapshot-filter.ts'

/** Properties that all changes of one transaction share. */
export class LogTransaction {
  readonly xid: number
  /** Microseconds since 2000-01-01 UTC. */
  readonly commitMicros: bigint
  #time: string | null = null

  constructor(xid: number, commitMicros: bigint) {
    this.xid = xid
    this.commitMicros = commitMicros
  }

  /** `_ab_cdc_updated_at` */
  get time(): string {
    this.#time ??= changeTime(this.commitMicros)
    return this.#time
  }
}

/** A stream that is read from the log. */
export class LogStream {
  readonly plan: StreamPlan
  readonly sink: RowSink
  readonly changeColumns: ChangeColumns
  readonly #filter: SnapshotFilter | null
  #transaction: LogTransaction | null = null
  #isShown = false
  #countedRows: number

  /** @param snapshot snapshot of the stream's rows; null: no change is left out. */
  constructor(plan: StreamPlan, sink: RowSink, snapshot: string | null) {
    if (sink.changeColumns === null) throw new Error('the writer cannot take changes of the log')
    this.plan = plan
    this.sink = sink
    this.changeColumns = sink.changeColumns
    this.#countedRows = sink.rows
    this.#filter = snapshot === null ? null : new SnapshotFilter(snapshot)
  }

  /** Oid of the type of a column; 0: there is no such column. */
  typeOf(name: string): number {
    return this.plan.relation.columns.find((column) => column.name === name)?.typeOid ?? 0
  }

  /** Oids of the types of the key. */
  get keyTypes(): readonly number[] {
    return (this.plan.relation.log?.key ?? []).map((name) => this.typeOf(name))
  }

  /**
   * Whether the stream's snapshot shows the changes of a transaction, so that they were already
   * delivered.
   */
  shows(transaction: LogTransaction): boolean {
    if (this.#filter === null) return false
    if (this.#transaction !== transaction) {
      this.#transaction = transaction
      this.#isShown = this.#filter.shows(transaction.xid)
    }
    return this.#isShown
  }

  /** Number of rows since the last call. */
  takeRows(): number {
    const rows = this.sink.rows - this.#countedRows
    this.#countedRows = this.sink.rows
    return rows
  }
}
