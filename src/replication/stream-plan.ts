import type { Column, Relation } from '../introspection/relation.ts'
import type { StreamDescriptor, SyncMode } from '../protocol/messages.ts'
import type { PgType } from '../types/pg-type.ts'
import type { PageRange } from './snapshot/shards.ts'

/**
 * A property of the record's `data`. A column that the relation no longer has is written as null.
 */
export interface RecordField {
  readonly name: string
  /** Type of its value; null: nothing is selected for it, so it is always null. */
  readonly type: PgType | null
}

/** A selected stream, bound to its relation in the database. */
export interface StreamPlan {
  readonly descriptor: StreamDescriptor
  readonly syncMode: SyncMode
  readonly relation: Relation
  /** Item of a FROM list with all its rows. */
  readonly from: string
  /** Qualifier of column names, so that they cannot refer to output columns. */
  readonly qualifier: string
  /** Condition for its rows; null: all are read. */
  readonly filter: string | null
  /** Pages to read of a shard; null: all. */
  readonly ranges: readonly PageRange[] | null
  /** Selected columns, in the order of the fields that are not always null. */
  readonly columns: readonly Column[]
  /** Properties of its records, without the change columns. */
  readonly fields: readonly RecordField[]
  /** Whether its records also have the `_ab_cdc_` columns. */
  readonly hasChangeColumns: boolean
  /** For incremental streams of the Standard method. */
  readonly cursor: Column | null
}
