import { findEntry, textEntry } from '../../types/registry.ts'
import type { PgType } from '../../types/pg-type.ts'
import type { Column, Relation } from '../relation.ts'

/** Position of a change in the log, which orders the versions of a row. */
export const LSN_FIELD = '_ab_cdc_lsn'
/** Commit time of the transaction of a change. */
const UPDATED_FIELD = '_ab_cdc_updated_at'
/** Commit time of the transaction of a delete; null in other records. */
const DELETED_FIELD = '_ab_cdc_deleted_at'

const TEXT = textEntry('text')

/** The official connector declares it as a number, not an integer. */
const LSN_TYPE: PgType = {
  ...(findEntry({ schema: 'pg_catalog', name: 'int8', extension: null }) ?? TEXT),
  jsonSchema: { type: 'number' },
}

/** Fields of records from the log that are not columns of the table. */
const CHANGE_COLUMNS: readonly Column[] = [
  changeColumn(LSN_FIELD, LSN_TYPE),
  changeColumn(UPDATED_FIELD, TEXT),
  changeColumn(DELETED_FIELD, TEXT),
]

/**
 * Columns of a relation whose values are in the log. A column with the name of a field above is
 * hidden by that field.
 */
export function loggedColumns({ columns, log }: Relation): readonly Column[] {
  return columns.filter(({ name }) => log?.columns.includes(name) === true && !isChangeField(name))
}

/**
 * Columns of the discovered stream: those of the log if its changes can be read, otherwise those of
 * the table.
 */
export function offeredColumns(relation: Relation): readonly Column[] {
  const { columns, log } = relation
  return log?.refusal === null ? [...loggedColumns(relation), ...CHANGE_COLUMNS] : columns
}

/** Whether a name is that of a change field, and not of a column. */
export function isChangeField(name: string): boolean {
  return CHANGE_COLUMNS.some((column) => column.name === name)
}

function changeColumn(name: string, type: PgType): Column {
  return { name, typeOid: 0, type, order: null, select: 'NULL', isNullable: true }
}
