import type { TypeResolver } from '../../../../types/type-resolver.ts'

/** Builds a condition: a column, or another expression, equals a parameter. */
export type KeyMatch = (column: string, parameter: string) => string

/** Types of a key column by oid: in the log, and currently in the table. */
export interface KeyTypes {
  readonly logged: number
  readonly current: number
}

/**
 * Builds the comparison of a key column with a value of the log, by the operators of its type.
 * Null: its type has none that the role may use, or has changed to one that cannot be compared with
 * the earlier one.
 */
export function keyMatch({ logged, current }: KeyTypes, types: TypeResolver): KeyMatch | null {
  const order = types.order(logged)
  if (order === null) return null
  if (types.hasSameBase(logged, current)) {
    return (column, parameter) => order.compare(order.cast(column), '=', order.cast(parameter))
  }
  if (!types.hasCommonEquality(logged, current)) return null
  // The parameter has the earlier type, also in binary form; a cast of the column would not use its
  // index
  return (column, parameter) => `${column} OPERATOR(pg_catalog.=) ${order.cast(parameter)}`
}
