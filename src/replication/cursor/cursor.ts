import type { StreamOffer } from '../../catalog/stream.ts'
import { hasRowHistory, type Relation } from '../../introspection/relation.ts'
import { type Horizon, isSameHorizon } from '../../state/horizon.ts'
import type { StreamState } from '../../state/stream-state.ts'
import { copyRows } from '../copy-rows.ts'
import {
  finalProgress,
  progressTo,
  readAlteredLeaves,
  readBound,
  readCursorHorizon,
  windowStart,
} from './progress.ts'
import { lateRowsQuery, leafRowsQuery, newRowsQuery, nonFiniteRowsQuery } from './queries.ts'
import { type CursorRead, cursorLiteral, openCursorRead } from './cursor-read.ts'
import { filenodeOf, findResumeState, mismatchOf, type ResumeState } from './saved-state.ts'
import {
  findUnfinishedLoad,
  loadByPages,
  loadWhole,
  type PageLoad,
  tableOid,
} from '../snapshot/initial-load.ts'
import { LeadingField, GroupTracker } from '../leading-field.ts'
import { streamState } from '../../protocol/messages.ts'
import type { Checkpoint, FeedEvent } from '../feed.ts'
import type { IncrementalMethod } from '../method.ts'
import { checkpoint, type ReadContext, streamFeed } from '../stream-feed.ts'
import type { StreamPlan } from '../stream-plan.ts'

/**
 * The Standard method: rows by a cursor column chosen by the user. The first sync reads all rows by
 * pages. Later ones read the rows above the saved value in the order of the cursor, and those below
 * it that were committed late.
 */
export const cursor = {
  name: 'Standard',
  needsCursor: true,
  sharesPosition: false,
  offers: async () => await Promise.resolve(offerOf),
  prerequisites: async () => await Promise.resolve([]),
  feeds: (plans: readonly StreamPlan[]) => plans.map((plan) => streamFeed(plan, readStream)),
} satisfies IncrementalMethod

function offerOf({ columns }: Relation): StreamOffer {
  const isIncremental = columns.some((column) => column.order !== null)
  return { isIncremental, hasSourceDefinedCursor: false }
}

async function* readStream(plan: StreamPlan, context: ReadContext): AsyncGenerator<FeedEvent> {
  const opened = openCursorRead(plan, context)
  const unfinished = await findUnfinishedLoad(plan, context, (state) =>
    mismatchOf(state, plan.cursor!.name),
  )
  const saved = unfinished === null ? await findResumeState(opened) : null
  if (saved === null) yield* firstLoad(opened, unfinished ?? (await newLoad(opened)))
  else yield* increment(opened, saved)
}

async function* firstLoad(read: CursorRead, load: PageLoad): AsyncGenerator<FeedEvent> {
  const { plan, context } = read
  if (plan.relation.hasSystemColumns) yield* loadByPages(plan, context, load)
  else yield* loadWhole(plan, context)
  yield checkpoint(plan, { ...load.finalState, type: 'cursor', scan: null })
}

/** Final state of the first load: the upper bound and the horizon of its snapshot. */
async function newLoad(read: CursorRead): Promise<PageLoad> {
  const bound = await readBound(read)
  const finalState: StreamState = {
    type: 'cursor',
    scan: null,
    cursor: bound,
    horizon: await readCursorHorizon(read, bound),
    xmin: null,
    filenode: filenodeOf(read),
    oid: tableOid(read.plan),
  }
  return { finalState, resume: null }
}

async function* increment(read: CursorRead, saved: ResumeState): AsyncGenerator<FeedEvent> {
  const horizon = await readCursorHorizon(read, saved.state.cursor)
  const { filenode } = saved
  const finalState = { ...saved.state, horizon, filenode, oid: tableOid(read.plan) }
  const late = [...lateRows(read, saved), ...(await rowsOfAlteredLeaves(read, saved))]
  const again = [...late, ...nonFiniteRows(read, saved)]
  if (again.length > 0) yield* copyRows(again, read)
  yield* newRows(read, saved, finalState)
}

async function* newRows(
  read: CursorRead,
  saved: ResumeState,
  finalState: ResumeState['state'],
): AsyncGenerator<FeedEvent> {
  const { plan, context } = read
  const tracker = new GroupTracker()
  const sink = new LeadingField(context.sink, tracker.observe)
  const comparison = isTieComplete(saved) ? '>' : '>='
  const select = newRowsQuery(read, { value: finalState.cursor.value, comparison })
  for await (const event of copyRows([select], read, { sink })) {
    yield event
    const { completed } = tracker
    const reached = completed === null ? null : progressTo(read, finalState.cursor, completed)
    if (reached !== null) yield checkpoint(plan, { ...finalState, cursor: reached })
  }
  const last = tracker.current
  const reached = await finalProgress(read, finalState.cursor, { last, count: saved.count })
  const isUnchanged =
    context.sink.rows === 0 && isSameHorizon(saved.state.horizon, finalState.horizon)
  if (isUnchanged) yield unchanged(plan, context)
  else yield checkpoint(plan, { ...finalState, cursor: reached })
}

/** Builds a checkpoint with the unchanged saved state. */
function unchanged({ descriptor }: StreamPlan, { savedState }: ReadContext): Checkpoint {
  return { type: 'CHECKPOINT', state: () => streamState(descriptor, savedState!) }
}

/**
 * Whether as many rows have the saved value as were delivered with it: then no row with it was
 * added since.
 */
function isTieComplete({ state, count }: ResumeState): boolean {
  return state.cursor.recordCount === count
}

/**
 * Queries of the rows in the window before the saved value that were committed late; without xmin,
 * all rows of the window.
 */
function lateRows(read: CursorRead, saved: ResumeState): string[] {
  const { plan, context } = read
  const { horizon, cursor: progress } = saved.state
  if (horizon === null || context.config.lateCommitWindowMs === 0) return []
  const comparison = isTieComplete(saved) ? '<=' : '<'
  const { value, marks } = progress
  const start = windowStart(read, progress, horizon.atMs)
  if (hasRowHistory(plan.relation)) {
    const lower = saved.isRewritten ? null : start
    return [lateRowsQuery(read, { value, comparison, lower, horizon })]
  }
  const oldest = marks[0] === undefined ? null : cursorLiteral(read.order, marks[0].value)
  const lower = start ?? oldest
  return lower === null ? [] : [lateRowsQuery(read, { value, comparison, lower, horizon: null })]
}

/**
 * Queries of the rows before the window in leaves that may have been truncated or rewritten since:
 * their entry in pg_class was written since. Rows that are loaded again can have any value.
 */
async function rowsOfAlteredLeaves(read: CursorRead, saved: ResumeState): Promise<string[]> {
  const { plan, context } = read
  const { horizon, cursor: progress } = saved.state
  const isSearched = plan.relation.kind === 'p' && hasRowHistory(plan.relation)
  if (!isSearched || horizon === null || context.config.lateCommitWindowMs === 0) return []
  const upper = windowStart(read, progress, horizon.atMs)
  if (upper === null) return []
  const leaves = await readAlteredLeaves(read, horizon)
  return leaves.map((leaf) => leafRowsQuery(read, { leaf, upper, horizon }))
}

/** Query of the new rows at infinity and NaN; if new rows cannot be distinguished, all of them. */
function nonFiniteRows(read: CursorRead, { state }: ResumeState): string[] {
  const { plan, nonFiniteBound } = read
  if (nonFiniteBound === null) return []
  const horizon: Horizon | null = hasRowHistory(plan.relation) ? state.horizon : null
  return [nonFiniteRowsQuery(read, nonFiniteBound, horizon)]
}
