import { ChangeColumns } from '../../replication/change-columns.ts'
import { findEntry, textEntry } from '../../types/registry.ts'
import { arrowColumn, type ArrowSource } from './arrow-fields.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'

/** The columns of the `_ab_cdc_` fields, after all others. */
export interface ArrowChangeColumns {
  /** Values of the next row. */
  readonly values: ChangeColumns
  /** int64, utf8 and utf8 */
  readonly lsn: ArrowColumn
  readonly updatedAt: ArrowColumn
  readonly deletedAt: ArrowColumn
}

const TEXT = textEntry('text')
const INT8 = findEntry({ schema: 'pg_catalog', name: 'int8', extension: null })!
const CHANGE_COLUMNS: readonly ArrowSource[] = [
  { name: '_ab_cdc_lsn', type: INT8, isNullable: true },
  { name: '_ab_cdc_updated_at', type: TEXT, isNullable: true },
  { name: '_ab_cdc_deleted_at', type: TEXT, isNullable: true },
]

/**
 * Makes the columns of a stream of changes nullable: a deleted row may have only the values of its
 * key.
 */
export function withChangeColumns(columns: readonly ArrowSource[]): readonly ArrowSource[] {
  return [...columns.map((column) => ({ ...column, isNullable: true })), ...CHANGE_COLUMNS]
}

export function makeChangeColumns(): ArrowChangeColumns {
  const options = { isExact: false }
  return {
    values: new ChangeColumns(),
    lsn: arrowColumn(INT8, options),
    updatedAt: arrowColumn(TEXT, options),
    deletedAt: arrowColumn(TEXT, options),
  }
}
