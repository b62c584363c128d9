import { type Horizon, notCoveredBy } from '../../state/horizon.ts'
import type { Leaf } from '../../introspection/leaves.ts'
import { ident } from '../../sql.ts'
import type { CursorProgress } from '../../state/stream-state.ts'
import type { Comparison } from '../../types/type-order.ts'
import { selectColumns } from '../copy-rows.ts'
import { type CursorRead, cursorLiteral } from './cursor-read.ts'

/** Builds a condition that is true for rows with a cursor value that later rows can exceed. */
function isPassable({ cursor, order, nonFiniteBound }: CursorRead): string {
  return nonFiniteBound === null
    ? `${cursor} IS NOT NULL`
    : order.compare(cursor, '<', nonFiniteBound)
}

/**
 * Builds a query of the highest cursor value that can be exceeded, as text, and its number of rows.
 * It returns no row if there is no such value.
 */
export function boundQuery(read: CursorRead): string {
  const { plan, cursor, order } = read
  return `
    WITH bound AS MATERIALIZED (
      SELECT ${cursor} AS value FROM ${plan.from} WHERE ${isPassable(read)} ORDER BY 1 DESC LIMIT 1
    )
    SELECT ${order.toText('bound.value')} AS value,
           (SELECT pg_catalog.count(*) FROM ${plan.from}
            WHERE ${order.compare(cursor, '=', 'bound.value')}) AS count
    FROM bound`
}

/**
 * Builds a query of the rows whose cursor value cannot be exceeded, so that no mark shows which of
 * them were delivered.
 */
export function nonFiniteRowsQuery(
  { plan, cursor, order }: CursorRead,
  nonFiniteBound: string,
  horizon: Horizon | null,
): string {
  const isNew = horizon === null ? '' : ` AND ${notCoveredBy(horizon)}`
  const isNonFinite = order.compare(cursor, '>=', nonFiniteBound)
  return selectColumns(plan, `FROM ${plan.from} WHERE ${isNonFinite}${isNew}`)
}

/** Builds a query of the number of rows with a value. */
export function countQuery(
  { plan, cursor, order }: CursorRead,
  { value }: Pick<CursorProgress, 'value'>,
): string {
  const isEqual = order.compare(cursor, '=', cursorLiteral(order, value))
  return `SELECT pg_catalog.count(*) AS count FROM ${plan.from} WHERE ${isEqual}`
}

/** Builds a query of the number of rows with the saved value, and of those without a value. */
export function savedQuery(read: CursorRead, saved: CursorProgress): string {
  const { plan, column, cursor } = read
  const nulls = column.isNullable
    ? `(SELECT pg_catalog.count(*) FROM ${plan.from} WHERE ${cursor} IS NULL)`
    : '0'
  return `
    SELECT (${countQuery(read, saved)}) AS count, ${nulls} AS nulls`
}

/** Builds a condition that is true for rows above a bound. */
export function isAbove({ cursor, order }: CursorRead, lower: string): string {
  return order.compare(cursor, '>', lower)
}

/** Range of late rows. */
export interface LateRows extends Pick<CursorProgress, 'value'> {
  /** Whether rows with exactly the saved value are included. */
  readonly comparison: Comparison & ('<' | '<=')
  readonly lower: string | null
  readonly horizon: Horizon | null
}

/**
 * Builds a query of the rows up to the saved value that were committed after it was saved.
 * `horizon` null: all rows of the window.
 */
export function lateRowsQuery(
  read: CursorRead,
  { value, comparison, lower, horizon }: LateRows,
): string {
  const { plan, cursor, order } = read
  const conditions = [
    order.compare(cursor, comparison, cursorLiteral(order, value)),
    ...(lower === null ? [] : [isAbove(read, lower)]),
    ...(horizon === null ? [] : [notCoveredBy(horizon)]),
  ]
  return selectColumns(plan, `FROM ${plan.from} WHERE ${conditions.join(' AND ')}`)
}

/** Builds a query of the rows of a leaf up to a bound that were committed after a horizon. */
export function leafRowsQuery(
  { plan, column, order }: CursorRead,
  {
    leaf,
    upper,
    horizon,
  }: { leaf: Pick<Leaf, 'schema' | 'name'>; upper: string; horizon: Horizon },
): string {
  const isBefore = order.compare(order.cast(ident(column.name)), '<=', upper)
  const from = `FROM ONLY ${ident(leaf.schema, leaf.name)}`
  return selectColumns(plan, `${from} WHERE ${isBefore} AND ${notCoveredBy(horizon)}`)
}

/** Range of new rows. */
export interface NewRows extends Pick<CursorProgress, 'value'> {
  readonly comparison: Comparison & ('>' | '>=')
}

/**
 * Builds a query of the rows above the saved value, or from it on, in the order of the cursor,
 * which is an additional first column.
 */
export function newRowsQuery(read: CursorRead, { value, comparison }: NewRows): string {
  const { plan, column, cursor, order } = read
  const columns = [column.select, ...plan.columns.map(({ select }) => select)].join(', ')
  const isNew = order.compare(cursor, comparison, cursorLiteral(order, value))
  return `SELECT ${columns} FROM ${plan.from} WHERE ${isNew} AND ${isPassable(read)} ORDER BY ${cursor}`
}
