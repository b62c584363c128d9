import type { PgType } from '../types/pg-type.ts'
import type { TypeOrder } from '../types/type-order.ts'

/**
 * `pg_class.relkind` of readable relations: table, partitioned table, view, materialized view,
 * foreign table.
 */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f'

/** An attribute that the role may read. */
export interface Column {
  readonly name: string
  /** 0: it is not a column of a table. */
  readonly typeOid: number
  readonly type: PgType
  /** How its values are compared; null: it cannot be a cursor. */
  readonly order: TypeOrder | null
  /**
   * SQL expression that selects it: the quoted name, or its text form if the type has no binary
   * writer.
   */
  readonly select: string
  readonly isNullable: boolean
}

/** A relation of the database, with what the role may read of it. */
export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  /** Whether it is a partition of another relation. */
  readonly isPartition: boolean
  /** Readable attributes in `attnum` order, without system and dropped ones. */
  readonly columns: readonly Column[]
  /** Names in key order; empty without a primary key, or if the role may not read all of it. */
  readonly primaryKey: readonly string[]
  /**
   * Whether `ctid` and `xmin` can be selected and identify the place and age of a row: for a table
   * or materialized view with SELECT on the whole of it and without inheriting tables; for a
   * partitioned table if it is true for each leaf.
   */
  readonly hasSystemColumns: boolean
  /**
   * Whether `xmin` can be selected and is that of a stored row: for a table or partitioned table
   * with SELECT on the whole of it, also with inheriting tables or with leaves that the role may not
   * read by their own names.
   */
  readonly hasXmin: boolean
  /** From the statistics; null: there are none. */
  readonly estimatedRows: number | null
  /**
   * Size of the pages according to the statistics, with all leaves; 0 for views and foreign tables.
   */
  readonly sizeBytes: number
  /**
   * How the log covers it through the config's publication; absent unless the replication method is
   * CDC.
   */
  readonly log?: LogCoverage
}

/** How the log covers a relation through a publication. */
export interface LogCoverage {
  /** Why changes cannot be read from the log, and the statement that fixes it; null: they can. */
  readonly refusal: string | null
  /** Columns that identify a row in the log. */
  readonly key: readonly string[]
  /** Columns whose values are in the log. */
  readonly columns: readonly string[]
  /** Row filter of the publication; null: all rows are published. */
  readonly filter: string | null
  /** Tables whose changes are those of the relation, by the oid in the log. */
  readonly sources: readonly number[]
}

/**
 * Whether the xmin of a row identifies the transaction that wrote it. REFRESH writes all rows of a
 * materialized view again as frozen rows, so incremental reads treat it like a view.
 */
export function hasRowHistory({
  kind,
  hasSystemColumns,
}: Pick<Relation, 'kind' | 'hasSystemColumns'>): boolean {
  return hasSystemColumns && kind !== 'm'
}
