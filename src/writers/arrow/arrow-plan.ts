import type { ArrowOptions } from './arrow-fields.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { ident } from '../../sql.ts'

/** `--format arrow`, with its options. */
export interface ArrowOutput extends ArrowOptions {
  /** Null: an IPC stream to the run's `data`. */
  readonly directory: string | null
}

/** What the server must send for Arrow: float4 in its own bits, not as text. */
export function toArrowPlan(plan: StreamPlan): StreamPlan {
  const columns = plan.columns.map((column) =>
    column.type.name === 'float4' && column.type.arrow === 'float64'
      ? { ...column, select: ident(column.name) }
      : column,
  )
  return { ...plan, columns }
}
