import type { TypeResolver } from '../../../../types/type-resolver.ts'

/** SQL of a condition: a column, or another expression, has the value of a parameter. */
export type KeyMatch = (column: string, parameter: string) => string

/** Types of a key column by oid: as the log has it, and as the table has it now. */
export interface KeyTypes {
  readonly logged: number
  readonly current: number
}

/**
 * How a key column is compared with a value of the log, by the operators of its type. Null: its type has none that the
 * role may use, or has changed to one that is not compared with the earlier one.
 */
export function keyMatch({ logged, current }: KeyTypes, types: TypeResolver): KeyMatch | null {
  const order = types.order(logged)
  if (order === null) return null
  if (types.hasSameBase(logged, current)) {
    return (column, parameter) => order.compare(order.cast(column), '=', order.cast(parameter))
  }
  if (!types.hasCommonEquality(logged, current)) return null
  // The parameter has the earlier type, also in binary form; a cast of the column would not use its index
  return (column, parameter) => `${column} OPERATOR(pg_catalog.=) ${order.cast(parameter)}`
}
