import { isComparable } from '../../state/horizon.ts'
import { parseStreamState, type StreamState } from '../../state/stream-state.ts'
import type { FeedEvent } from '../feed.ts'
import { checkpoint, type ReadContext } from '../stream-feed.ts'
import { canResumeScan, scanPages, type ScanStart } from './page-scan.ts'
import { copyRows, selectColumns } from '../copy-rows.ts'
import type { StreamPlan } from '../stream-plan.ts'

/**
 * All rows of a relation with system columns, by pages. Each position is a checkpoint: `goal` with the position in it.
 * @param goal what the state will say when all is read; it holds what the first attempt at this load has seen.
 */
export async function* loadByPages(
  plan: StreamPlan,
  context: ReadContext,
  goal: StreamState,
): AsyncGenerator<FeedEvent> {
  const start = resumePoint(goal, context)
  for await (const event of scanPages(plan, context, start)) {
    if (event.type === 'ROWS') yield event
    else {
      const { position: scan } = event
      yield checkpoint(plan, { ...goal, type: 'ctid', scan })
    }
  }
}

/** All rows of what has no pages for us: views, foreign tables, queries. */
export async function* loadWhole(
  plan: StreamPlan,
  context: ReadContext,
): AsyncGenerator<FeedEvent> {
  const where = plan.filter === null ? '' : ` WHERE ${plan.filter}`
  yield* copyRows([selectColumns(plan, `FROM ${plan.from}${where}`)], { plan, context })
}

/**
 * The state of an unfinished load by pages that this read can go on with; null, with a word in the log, if it must
 * start over.
 */
export async function findUnfinishedLoad(
  plan: StreamPlan,
  context: ReadContext,
): Promise<StreamState | null> {
  const { savedState } = context
  const state = savedState === null ? null : parseStreamState(savedState)
  if (state === null || state.type !== 'ctid' || state.scan === null) return null
  if (plan.relation.hasSystemColumns && (await canResumeScan(plan, context, state.scan)))
    return state
  warnOfFreshStart(plan, context, 'its table was rewritten, truncated or made anew since')
  return null
}

/** Says that a saved state is of no use. */
export function warnOfFreshStart(plan: StreamPlan, context: ReadContext, reason: string): void {
  const message = `The saved state of stream ${labelOf(plan)} no longer fits: ${reason}. The stream is read from the start.`
  context.log('WARN', message)
}

/** `'schema.name'`, for messages. */
export function labelOf({ descriptor }: StreamPlan): string {
  return `'${descriptor.namespace}.${descriptor.name}'`
}

function resumePoint({ scan, horizon }: StreamState, context: ReadContext): ScanStart | null {
  if (scan === null) return null
  const isKnown = horizon !== null && isComparable(horizon, context.transaction.snapshot)
  return { position: scan, horizon: isKnown ? horizon : null }
}
