import type { ArrowOptions } from './arrow-fields.ts'
import type { StreamPlan } from '../../replication/stream-plan.ts'
import { ident } from '../../sql.ts'

/** `--format arrow`, with its options. */
export interface ArrowOutput extends ArrowOptions {
  /** Null: an IPC stream to the run's `data`. */
  readonly directory: string | null
}

/** Requests binary forms for Arrow, also for types that records read as text, such as float4. */
export function toArrowPlan(plan: StreamPlan): StreamPlan {
  const columns = plan.columns.map((column) =>
    column.type.arrow.default !== 'utf8' && column.type.writeBinary === undefined
      ? { ...column, select: ident(column.name) }
      : column,
  )
  return { ...plan, columns }
}
