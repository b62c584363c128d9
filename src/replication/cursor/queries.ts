import { ident } from '../../sql.ts'
import { type Horizon, isBeyond } from '../../state/horizon.ts'
import type { CursorProgress } from '../../state/stream-state.ts'
import { selectColumns } from '../copy-rows.ts'
import { cursorLiteral } from './value.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** SQL that is true for rows whose cursor is one that later rows can pass. */
function isPassable(plan: StreamPlan, top: string | null): string {
  return top === null ? `${cursorOf(plan)} IS NOT NULL` : `${cursorOf(plan)} < ${top}`
}

/** The largest cursor value that can be passed, as text, and how many rows have it; no row when none has any. */
export function boundQuery(plan: StreamPlan, top: string | null): string {
  const cursor = cursorOf(plan)
  return `
    WITH bound AS MATERIALIZED (
      SELECT ${cursor} AS value FROM ${plan.from} WHERE ${isPassable(plan, top)} ORDER BY 1 DESC LIMIT 1
    )
    SELECT bound.value::pg_catalog.text AS value,
           (SELECT pg_catalog.count(*) FROM ${plan.from} WHERE ${cursor} = bound.value) AS count
    FROM bound`
}

/** Rows whose cursor cannot be passed, so that no mark says which of them are known. */
export function topRowsQuery(plan: StreamPlan, top: string, horizon: Horizon | null): string {
  const isNew = horizon === null ? '' : ` AND ${isBeyond(horizon)}`
  return selectColumns(plan, `FROM ${plan.from} WHERE ${isTop(plan, top)}${isNew}`)
}

/** SQL that is true for rows whose cursor cannot be passed. */
export function isTop(plan: StreamPlan, top: string): string {
  return `${cursorOf(plan)} >= ${top}`
}

/** How many rows have a value. */
export function countQuery(plan: StreamPlan, { value }: Pick<CursorProgress, 'value'>): string {
  const isEqual = `${cursorOf(plan)} = ${cursorLiteral(value)}`
  return `SELECT pg_catalog.count(*) AS count FROM ${plan.from} WHERE ${isEqual}`
}

/** How many rows have the saved value, and how many have none. */
export function savedQuery(plan: StreamPlan, saved: CursorProgress): string {
  const cursor = cursorOf(plan)
  const nulls = plan.cursor!.isNullable
    ? `(SELECT pg_catalog.count(*) FROM ${plan.from} WHERE ${cursor} IS NULL)`
    : '0'
  return `
    SELECT (${countQuery(plan, saved)}) AS count, ${nulls} AS nulls`
}

/** SQL that is true for rows above a bound. */
export function isAbove(plan: StreamPlan, lower: string): string {
  return `${cursorOf(plan)} > ${lower}`
}

/** Rows up to the saved value that were committed after it was saved. `horizon` null: all rows of the window. */
export function lateRowsQuery(
  plan: StreamPlan,
  { value, operator, lower, horizon }: LateRows,
): string {
  const cursor = cursorOf(plan)
  const conditions = [
    `${cursor} ${operator} ${cursorLiteral(value)}`,
    ...(lower === null ? [] : [isAbove(plan, lower)]),
    ...(horizon === null ? [] : [isBeyond(horizon)]),
  ]
  return selectColumns(plan, `FROM ${plan.from} WHERE ${conditions.join(' AND ')}`)
}

/** Where late rows are. */
export interface LateRows extends Pick<CursorProgress, 'value'> {
  /** Whether rows with just the saved value are among them. */
  readonly operator: '<' | '<='
  readonly lower: string | null
  readonly horizon: Horizon | null
}

/** Rows above the saved value, or from it on, by the cursor, which comes first once more. */
export function newRowsQuery(plan: StreamPlan, { value, operator, top }: NewRows): string {
  const columns = [plan.cursor!.select, ...plan.columns.map((column) => column.select)].join(', ')
  const cursor = cursorOf(plan)
  const bounds = `${cursor} ${operator} ${cursorLiteral(value)} AND ${isPassable(plan, top)}`
  return `SELECT ${columns} FROM ${plan.from} WHERE ${bounds} ORDER BY ${cursor}`
}

/** Where new rows are. */
export interface NewRows extends Pick<CursorProgress, 'value'> {
  readonly operator: '>' | '>='
  /** The first value that is none of theirs; null: none. */
  readonly top: string | null
}

/** Qualified: in ORDER BY a bare name would mean the output column, which may be its text. */
function cursorOf({ cursor, qualifier }: StreamPlan): string {
  return `${qualifier}.${ident(cursor!.name)}`
}
