import { ident } from '../../sql.ts'
import type { Column } from '../../introspection/relation.ts'
import type { CursorValue } from '../../state/stream-state.ts'
import type { TypeOrder } from '../../types/type-order.ts'
import type { ReadContext } from '../stream-feed.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** A stream with its cursor, and the context for reading it. */
export interface CursorRead {
  readonly plan: StreamPlan
  readonly context: ReadContext
  readonly column: Column
  readonly order: TypeOrder
  /** SQL expression of the cursor value of a row. */
  readonly cursor: string
  /**
   * SQL expression of the lowest cursor value that no later row can exceed; null: there is none.
   */
  readonly nonFiniteBound: string | null
}

/** Builds the cursor read of a plan. */
export function openCursorRead(plan: StreamPlan, context: ReadContext): CursorRead {
  const { cursor: column, qualifier } = plan
  const order = column?.order ?? null
  if (column === null || order === null) throw new Error('The stream has no cursor')
  const bound = column.type.cursor?.nonFiniteBound?.(context.database.server.major)
  return {
    plan,
    context,
    column,
    order,
    // Qualified, because an unqualified name could refer to the output column, which may be its
    // text
    cursor: order.cast(`${qualifier}.${ident(column.name)}`),
    nonFiniteBound: bound === undefined ? null : order.literal(bound),
  }
}

/** SQL expression of a saved value. */
export function cursorLiteral(order: TypeOrder, value: CursorValue): string {
  return order.literal(String(value))
}
