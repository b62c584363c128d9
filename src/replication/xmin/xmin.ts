import { streamLabel } from '../../protocol/stream-names.ts'
import type { StreamOffer } from '../../catalog/stream.ts'
import { ConnectorError } from '../../errors.ts'
import type { Relation } from '../../introspection/relation.ts'
import { type Horizon, notCoveredBy, isComparable } from '../../state/horizon.ts'
import { parseStreamState } from '../../state/parse-stream-state.ts'
import type { StreamState } from '../../state/stream-state.ts'
import { copyRows, selectColumns } from '../copy-rows.ts'
import {
  findUnfinishedLoad,
  loadByPages,
  loadWhole,
  type PageLoad,
  replacementOf,
  tableOid,
  warnOfFreshStart,
} from '../snapshot/initial-load.ts'
import type { FeedEvent } from '../feed.ts'
import type { IncrementalMethod } from '../method.ts'
import { checkpoint, type ReadContext, streamFeed } from '../stream-feed.ts'
import { readHorizon } from '../read-horizon.ts'
import type { StreamPlan } from '../stream-plan.ts'

const NO_XMIN_STATE = 'it is not a state of the xmin method'

/**
 * The xmin method: rows by the transaction that wrote them. The first sync reads all rows, by pages
 * if possible. Later ones read the rows of transactions that were not visible in the last snapshot.
 * No index is used: each sync scans all rows.
 */
export const xmin = {
  name: 'Xmin',
  needsCursor: false,
  sharesPosition: false,
  offers: async () => await Promise.resolve(offerOf),
  problemOf,
  prerequisites: async () => await Promise.resolve([]),
  feeds: (plans: readonly StreamPlan[]) => plans.map((plan) => streamFeed(plan, readStream)),
} satisfies IncrementalMethod

function offerOf({ hasXmin, primaryKey }: Relation): StreamOffer {
  return { isIncremental: hasXmin, hasSourceDefinedCursor: hasXmin && primaryKey.length > 0 }
}

function problemOf(plan: StreamPlan): ConnectorError | null {
  if (plan.relation.hasXmin) return null
  const message = `Stream '${streamLabel(plan.descriptor)}' cannot be read incrementally by xmin: it is a view, a materialized view or a foreign table, has rows in one, or has column privileges only. Choose full_refresh or a cursor.`
  return new ConnectorError('config_error', message)
}

async function* readStream(plan: StreamPlan, context: ReadContext): AsyncGenerator<FeedEvent> {
  const unfinished = await findUnfinishedLoad(plan, context, ({ xmin: id }) =>
    id === null ? NO_XMIN_STATE : null,
  )
  const saved = unfinished === null ? findResumeState(plan, context) : null
  if (unfinished !== null) yield* finish(plan, context, unfinished)
  else if (saved === null) yield* finish(plan, context, await newLoad(plan, context))
  else yield* increment(plan, context, saved)
}

async function* finish(
  plan: StreamPlan,
  context: ReadContext,
  load: PageLoad,
): AsyncGenerator<FeedEvent> {
  if (plan.relation.hasSystemColumns) yield* loadByPages(plan, context, load)
  else yield* loadWhole(plan, context)
  yield checkpoint(plan, { ...load.finalState, type: 'xmin', scan: null })
}

async function* increment(
  plan: StreamPlan,
  context: ReadContext,
  saved: Horizon,
): AsyncGenerator<FeedEvent> {
  const finalState = await newFinalState(plan, context)
  const select = selectColumns(plan, `FROM ${plan.from} WHERE ${notCoveredBy(saved)}`)
  yield* copyRows([select], { plan, context })
  yield checkpoint(plan, finalState)
}

async function newLoad(plan: StreamPlan, context: ReadContext): Promise<PageLoad> {
  return { finalState: await newFinalState(plan, context), resume: null }
}

/** State after a read of this snapshot. */
async function newFinalState(plan: StreamPlan, context: ReadContext): Promise<StreamState> {
  const horizon = await readHorizon(plan, context, null)
  const { xmin: id } = horizon
  const oid = tableOid(plan)
  return { type: 'xmin', scan: null, cursor: null, horizon, xmin: id, filenode: null, oid }
}

/**
 * Returns the horizon of the last sync; null, with a message in the log, if the state does not
 * contain it.
 */
function findResumeState(plan: StreamPlan, context: ReadContext): Horizon | null {
  const { savedState } = context
  const state = savedState === null ? null : parseStreamState(savedState)
  if (savedState === null || (state !== null && state.scan !== null)) return null
  if (state === null || state.xmin === null || state.type === 'cursor') {
    warnOfFreshStart(plan, context, NO_XMIN_STATE)
    return null
  }
  const replacement = replacementOf(plan, state)
  if (replacement !== null) {
    warnOfFreshStart(plan, context, replacement)
    return null
  }
  const horizon = state.horizon ?? { xmin: state.xmin, xids: [], atMs: 0 }
  if (isComparable(horizon, context.transaction.snapshot)) return horizon
  warnOfFreshStart(plan, context, 'it was saved on another server, or too long ago')
  return null
}
