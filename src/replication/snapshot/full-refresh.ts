import { checkpoint } from '../checkpoint.ts'
import { parseStreamState, type StreamState } from '../../state/stream-state.ts'
import {
  findUnfinishedLoad,
  labelOf,
  loadByPages,
  loadWhole,
  warnOfFreshStart,
} from './initial-load.ts'
import type { ReadContext, ReadEvent, ReplicationMethod } from '../method.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** Everything has been read, and there is nothing to go on from. */
const EMPTY: StreamState = {
  type: 'ctid',
  scan: null,
  cursor: null,
  horizon: null,
  xmin: null,
  filenode: null,
}

/**
 * Every row once. Relations with system columns are read by pages and can be resumed at a page; views, foreign tables
 * and queries are read whole, each time anew.
 */
export const fullRefresh: ReplicationMethod = {
  name: 'full_refresh',
  prerequisite: () => null,
  async *read(plan, context): AsyncGenerator<ReadEvent> {
    if (!plan.relation.hasSystemColumns) yield* loadWhole(plan, context)
    else if (isComplete(plan)) {
      const message = `Stream ${labelOf(plan)} is complete in the given state and is not read again. Leave its state out to read it anew.`
      context.log('INFO', message)
    } else yield* loadByPages(plan, context, await findGoal(plan, context))
    yield checkpoint(EMPTY)
  },
}

async function findGoal(plan: StreamPlan, context: ReadContext): Promise<StreamState> {
  const { xmin, atMs } = context.transaction.snapshot
  const unfinished = await findUnfinishedLoad(plan, context)
  if (plan.state !== null && parseStreamState(plan.state) === null) {
    warnOfFreshStart(plan, context, 'it is none that is known')
  }
  return unfinished ?? { ...EMPTY, horizon: { xmin, xids: [], atMs } }
}

function isComplete({ state: raw }: StreamPlan): boolean {
  const state = raw === null ? null : parseStreamState(raw)
  return state !== null && state.type === 'ctid' && state.scan === null
}
