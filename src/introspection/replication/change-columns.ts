import { findEntry, textEntry } from '../../types/registry.ts'
import type { PgType } from '../../types/pg-type.ts'
import type { Column, Relation } from '../relation.ts'

/** Position of a change in the log, which orders the versions of a row. */
export const LSN_FIELD = '_ab_cdc_lsn'
/** When the transaction of a change was committed. */
const UPDATED_FIELD = '_ab_cdc_updated_at'
/** When the transaction of a delete was committed; null in other records. */
const DELETED_FIELD = '_ab_cdc_deleted_at'

const TEXT = textEntry('text')

/** The official connector calls it a number, not an integer. */
const LSN_TYPE: PgType = {
  ...(findEntry({ schema: 'pg_catalog', name: 'int8', extension: null }) ?? TEXT),
  jsonSchema: { type: 'number' },
}

/** Fields of records from the log that no column of the table has. */
const CHANGE_COLUMNS: readonly Column[] = [
  changeColumn(LSN_FIELD, LSN_TYPE),
  changeColumn(UPDATED_FIELD, TEXT),
  changeColumn(DELETED_FIELD, TEXT),
]

/** Columns of a relation whose values are in the log. One that has the name of a field above is hidden by it. */
export function loggedColumns({ columns, log }: Relation): readonly Column[] {
  return columns.filter(({ name }) => log?.columns.includes(name) === true && !isChangeField(name))
}

/** Columns that a stream is offered with: those of the log if its changes can be read, else those of the table. */
export function offeredColumns(relation: Relation): readonly Column[] {
  const { columns, log } = relation
  return log?.refusal === null ? [...loggedColumns(relation), ...CHANGE_COLUMNS] : columns
}

/** Whether no column of a table is meant by it. */
export function isChangeField(name: string): boolean {
  return CHANGE_COLUMNS.some((column) => column.name === name)
}

function changeColumn(name: string, type: PgType): Column {
  return { name, typeOid: 0, type, order: null, select: 'NULL', isNullable: true }
}
