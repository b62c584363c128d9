import type { Column, Relation } from '../introspection/relation.ts'
import type { StreamDescriptor, SyncMode } from '../protocol/messages.ts'
import type { PgType } from '../types/pg-type.ts'
import type { PageRange } from './snapshot/shards.ts'

/** A property of the record's `data`. A column that the relation no longer has writes null. */
export interface RecordField {
  readonly name: string
  /** Of its value; null: nothing is selected for it, it is always null. */
  readonly type: PgType | null
}

/** A selected stream, bound to what it is in the database. */
export interface StreamPlan {
  readonly descriptor: StreamDescriptor
  readonly syncMode: SyncMode
  readonly relation: Relation
  /** The item of a FROM list that gives all its rows. */
  readonly from: string
  /** What a column's name is qualified with, so that no output column can be meant. */
  readonly qualifier: string
  /** A condition for its rows; null: all are read. */
  readonly filter: string | null
  /** The pages that are read, of a shard; null: all. */
  readonly ranges: readonly PageRange[] | null
  /** What is selected, in the order of the fields that are not always null. */
  readonly columns: readonly Column[]
  /** The properties of its records, without the change columns. */
  readonly fields: readonly RecordField[]
  /** Whether its records have the `_ab_cdc_` columns, too. */
  readonly hasChangeColumns: boolean
  /** For incremental streams of the Standard method. */
  readonly cursor: Column | null
}
