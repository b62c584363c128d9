import { streamLabel } from '../../protocol/stream-names.ts'
import { isComparable } from '../../state/horizon.ts'
import { parseStreamState } from '../../state/parse-stream-state.ts'
import type { StreamState } from '../../state/stream-state.ts'
import type { FeedEvent } from '../feed.ts'
import { checkpoint, type ReadContext } from '../stream-feed.ts'
import { findResumePoint, type ResumePoint, scanPages } from './page-scan.ts'
import { copyRows, selectColumns } from '../copy-rows.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** A load by pages, new or resumed. */
export interface PageLoad {
  /**
   * The state after all pages were read. It contains what the first attempt at this load has seen.
   */
  readonly finalState: StreamState
  readonly resume: ResumePoint | null
}

/**
 * Reads all rows of a relation with system columns, by pages. Each position is a checkpoint:
 * `finalState` with the position.
 */
export async function* loadByPages(
  plan: StreamPlan,
  context: ReadContext,
  { finalState, resume }: PageLoad,
): AsyncGenerator<FeedEvent> {
  for await (const event of scanPages(plan, context, resume)) {
    if (event.type === 'ROWS') yield event
    else {
      const { position: scan } = event
      yield checkpoint(plan, { ...finalState, type: 'ctid', scan })
    }
  }
}

/**
 * Reads all rows of a relation that cannot be read by pages: a view, a foreign table or a query.
 */
export async function* loadWhole(
  plan: StreamPlan,
  context: ReadContext,
): AsyncGenerator<FeedEvent> {
  const where = plan.filter === null ? '' : ` WHERE ${plan.filter}`
  yield* copyRows([selectColumns(plan, `FROM ${plan.from}${where}`)], { plan, context })
}

/**
 * Finds the unfinished load by pages of the saved state; null if there is none, or, with a WARN, if
 * it must start over.
 * @param mismatchOf why the method cannot use the state that the load would end with; null: it can.
 */
export async function findUnfinishedLoad(
  plan: StreamPlan,
  context: ReadContext,
  mismatchOf: (finalState: StreamState) => string | null,
): Promise<PageLoad | null> {
  const { savedState } = context
  const state = savedState === null ? null : parseStreamState(savedState)
  if (state === null || state.type !== 'ctid' || state.scan === null) return null
  const mismatch = mismatchOf(state) ?? replacementOf(plan, state)
  if (mismatch !== null) {
    warnOfFreshStart(plan, context, mismatch)
    return null
  }
  const { scan: position, horizon } = state
  if (horizon !== null && !isComparable(horizon, context.transaction.snapshot)) {
    warnOfFreshStart(plan, context, 'it was saved on another server, or too long ago')
    return null
  }
  const resume = plan.relation.hasSystemColumns
    ? await findResumePoint(plan, context, { position, horizon })
    : null
  if (resume !== null) return { finalState: state, resume }
  warnOfFreshStart(plan, context, 'its table has been rewritten, truncated or recreated since')
  return null
}

/** Oid of the table of an incremental stream for its state; null: the relation stores no rows. */
export function tableOid({ relation: { kind, oid } }: StreamPlan): number | null {
  return kind === 'r' || kind === 'p' ? oid : null
}

/**
 * Returns why a state is not one of this relation; null: it is, or that is unknown. The rows of
 * another table may be older than the state, with smaller cursor values.
 */
export function replacementOf(plan: StreamPlan, state: StreamState | null): string | null {
  const oid = state?.oid ?? null
  return oid === null || oid === plan.relation.oid
    ? null
    : 'its table was created again, or another one has taken its name'
}

/** Logs why a saved state is not usable. */
export function warnOfFreshStart(plan: StreamPlan, context: ReadContext, reason: string): void {
  const message = `The saved state of stream '${streamLabel(plan.descriptor)}' is not usable: ${reason}. The stream is read from the start.`
  context.log('WARN', message)
}
