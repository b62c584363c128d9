import type { ReadContext } from '../method.ts'
import type { StreamPlan } from '../stream-plan.ts'
import { topOf } from './value.ts'

/** A stream with its cursor, and what it is read with. */
export interface CursorRead {
  readonly plan: StreamPlan
  readonly context: ReadContext
  /** SQL of the first cursor value that cannot be passed; null: there is none. */
  readonly top: string | null
}

/** The cursor read of a plan. */
export function openCursorRead(plan: StreamPlan, context: ReadContext): CursorRead {
  return { plan, context, top: topOf(plan.cursor!.type, context.database.server.major) }
}
