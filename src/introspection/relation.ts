import type { PgType } from '../types/pg-type.ts'
import type { TypeOrder } from '../types/type-order.ts'

/** `pg_class.relkind` of what can be read: table, partitioned table, view, materialized view, foreign table. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f'

/** An attribute that the role may read. */
export interface Column {
  readonly name: string
  /** 0: no column of a table. */
  readonly typeOid: number
  readonly type: PgType
  /** How its values are compared; null: it cannot be a cursor. */
  readonly order: TypeOrder | null
  /** The SQL that selects it: the quoted name, or its text form where the type has no binary writer. */
  readonly select: string
  readonly isNullable: boolean
}

/** A relation of the database as the catalogs describe it and as this role sees it. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  /** Whether it is a partition of another relation. */
  readonly isPartition: boolean
  /** Readable attributes in `attnum` order; system and dropped ones are not among them. */
  readonly columns: readonly Column[]
  /** Names in key order; empty without a primary key or when the role may not read all of it. */
  readonly primaryKey: readonly string[]
  /**
   * Whether `ctid` and `xmin` may be named and say where and since when a row is: a table or materialized view with
   * SELECT on the whole of it, that no other table inherits from; a partitioned table when that is so of each leaf.
   */
  readonly hasSystemColumns: boolean
  /** From the statistics: null without statistics. */
  readonly estimatedRows: number | null
  /** Of the pages in the statistics; leaves summed; 0 for views and foreign tables. */
  readonly sizeBytes: number
  /** What the log has of it through the config's publication; absent unless the replication method is CDC. */
  readonly log?: LogCoverage
}

/** What the log has of a relation through a publication. */
export interface LogCoverage {
  /** Why changes cannot be read from the log, and the statement that changes it; null: they can. */
  readonly refusal: string | null
  /** Columns that identify a row in the log. */
  readonly key: readonly string[]
  /** Columns whose values are in the log. */
  readonly columns: readonly string[]
  /** A condition for the relation's rows; null: all rows are published. */
  readonly filter: string | null
  /** Tables whose changes are those of the relation, by the oid that the log names. */
  readonly sources: readonly number[]
}

/**
 * Whether the xmin of a row says which transaction wrote it. REFRESH writes all rows of a materialized view again, as
 * frozen ones, so that incremental reads treat it as a view.
 */
export function hasRowHistory({
  kind,
  hasSystemColumns,
}: Pick<Relation, 'kind' | 'hasSystemColumns'>): boolean {
  return hasSystemColumns && kind !== 'm'
}
