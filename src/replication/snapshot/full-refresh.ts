import type { JsonObject } from '../../json/json.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { parseStreamState } from '../../state/parse-stream-state.ts'
import type { StreamState } from '../../state/stream-state.ts'
import {
  findUnfinishedLoad,
  loadByPages,
  loadWhole,
  type PageLoad,
  warnOfFreshStart,
} from './initial-load.ts'
import type { FeedEvent, ResumeStates } from '../feed.ts'
import type { ReplicationMethod } from '../method.ts'
import { checkpoint, type ReadContext, streamFeed } from '../stream-feed.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** State of a stream that was read completely. */
export const COMPLETE: StreamState = {
  type: 'ctid',
  scan: null,
  cursor: null,
  horizon: null,
  xmin: null,
  filenode: null,
  oid: null,
}

const NOT_INCREMENTAL = { isIncremental: false, hasSourceDefinedCursor: false }

/**
 * Full refresh: every row once. Relations with system columns are read by pages and can be resumed
 * at a page; views, foreign tables and queries are read as a whole each time.
 */
export const fullRefresh = {
  offers: async () => await Promise.resolve(() => NOT_INCREMENTAL),
  prerequisites: async () => await Promise.resolve([]),
  feeds: (plans: readonly StreamPlan[]) => plans.map((plan) => streamFeed(plan, readFullRefresh)),
} satisfies ReplicationMethod

/** Reads a stream with the connections of this process. */
export async function* readFullRefresh(
  plan: StreamPlan,
  context: ReadContext,
): AsyncGenerator<FeedEvent> {
  // For a relation without pages, one shard has all rows and the others have none
  const isEmptyShard = plan.ranges?.length === 0
  if (!plan.relation.hasSystemColumns && !isEmptyShard) yield* loadWhole(plan, context)
  else if (isEnded(context.savedState)) {
    const message = `Stream '${streamLabel(plan.descriptor)}' is complete in the given state and is not read again. Remove its state to read it again.`
    context.log('INFO', message)
  } else if (!isEmptyShard) yield* loadByPages(plan, context, await openLoad(plan, context))
  yield checkpoint(plan, COMPLETE)
}

async function openLoad(plan: StreamPlan, context: ReadContext): Promise<PageLoad> {
  const { xmin, atMs } = context.transaction.snapshot
  const unfinished = await findUnfinishedLoad(plan, context, () => null)
  if (context.savedState !== null && parseStreamState(context.savedState) === null) {
    warnOfFreshStart(plan, context, 'its format is unknown')
  }
  return (
    unfinished ?? { finalState: { ...COMPLETE, horizon: { xmin, xids: [], atMs } }, resume: null }
  )
}

/**
 * The full refreshes that ended in an earlier run, if none of its streams is unfinished: a read
 * that is not a continuation of that run reads them again.
 */
export function findEndedLoads(
  plans: readonly StreamPlan[],
  states: ResumeStates,
): readonly StreamDescriptor[] {
  const saved = plans.map(({ descriptor }) => states.stream(descriptor))
  const isUnfinished = saved.map(stateOf).some((state) => state !== null && state.scan !== null)
  if (isUnfinished) return []
  return plans
    .filter(({ syncMode }, index) => syncMode === 'full_refresh' && isEnded(saved[index]!))
    .map(({ descriptor }) => descriptor)
}

function isEnded(savedState: JsonObject | null): boolean {
  const state = stateOf(savedState)
  return state !== null && state.type === 'ctid' && state.scan === null
}

function stateOf(savedState: JsonObject | null): StreamState | null {
  return savedState === null ? null : parseStreamState(savedState)
}
