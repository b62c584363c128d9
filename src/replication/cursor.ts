import { type Horizon, isComparable, isSameHorizon } from '../state/horizon.ts'
import {
  buildStreamState,
  type CursorProgress,
  parseStreamState,
  type StreamState,
} from '../state/stream-state.ts'
import { copyRows, recordEncoder } from './copy-rows.ts'
import { boundQuery, isAbove, lateRowsQuery, newRowsQuery, savedQuery } from './cursor-queries.ts'
import { cursorLiteral, cursorValueOfCopy, cursorValueOfText } from './cursor-value.ts'
import {
  findUnfinishedLoad,
  labelOf,
  loadByPages,
  loadWhole,
  warnOfFreshStart,
} from './initial-load.ts'
import { lowerBound, nextMarks } from './late-commits.ts'
import { LeadingField, RunTracker, type ValueRun } from './leading-field.ts'
import type { ReadContext, ReadEvent, ReplicationMethod } from './method.ts'
import { readHorizon } from './read-horizon.ts'
import type { StreamPlan } from './stream-plan.ts'

/** A stream with its cursor, and what it is read with. */
interface CursorRead {
  readonly plan: StreamPlan
  readonly context: ReadContext
}

/** A saved state that can be gone on from, and what the snapshot says of it. */
interface Saved {
  readonly state: StreamState & { readonly cursor: CursorProgress }
  /** Whether the file of the relation is another one now. */
  readonly isRewritten: boolean
  /** Rows with the saved value now. */
  readonly count: number
  readonly filenode: number | null
}

/**
 * Rows by a cursor column of the user's choice. The first sync reads everything by pages; later ones read the rows above
 * the saved value in the order of the cursor, and those below it that were committed late.
 */
export const cursor: ReplicationMethod = {
  name: 'cursor',
  prerequisite: () => null,
  async *read(plan, context): AsyncGenerator<ReadEvent> {
    const read = { plan, context }
    const unfinished = await findUnfinishedLoad(plan, context)
    const saved = unfinished === null ? await findSaved(read) : null
    if (saved === null) yield* firstLoad(read, unfinished ?? (await newGoal(read)))
    else yield* increment(read, saved)
  },
}

async function* firstLoad(read: CursorRead, goal: StreamState): AsyncGenerator<ReadEvent> {
  const { plan, context } = read
  if (plan.relation.hasSystemColumns) yield* loadByPages(plan, context, goal)
  else yield* loadWhole(plan, context)
  yield checkpoint({ ...goal, type: 'cursor', scan: null })
}

/** What the state will say after the first load: the upper bound of its snapshot, and what that snapshot saw. */
async function newGoal(read: CursorRead): Promise<StreamState> {
  const { context } = read
  const bound = await readBound(read)
  const { atMs } = context.transaction.snapshot
  const windowMs = context.config.lateCommitWindowMs
  const cursorProgress =
    bound === null
      ? null
      : { ...bound, marks: windowMs === 0 ? [] : [{ value: bound.value, atMs }] }
  return {
    type: 'cursor',
    scan: null,
    cursor: cursorProgress,
    horizon: await horizonFor(read, cursorProgress),
    xmin: null,
    filenode: await readFilenode(read),
  }
}

async function* increment(read: CursorRead, saved: Saved): AsyncGenerator<ReadEvent> {
  const { cursor: progress } = saved.state
  const horizon = await horizonFor(read, progress)
  const isTieComplete = progress.recordCount === saved.count
  const { plan, context } = read
  const encoder = recordEncoder(plan, context)
  const late = lateRows(read, saved, isTieComplete)
  if (late !== null) {
    for await (const event of copyRows([late], { plan, context, encoder })) {
      if (event.type === 'ROWS') yield event
    }
  }
  const tracker = new RunTracker()
  const sink = new LeadingField(encoder, tracker.observe)
  const base = { ...saved.state, horizon, filenode: saved.filenode }
  const operator = isTieComplete ? '>' : '>='
  const select = newRowsQuery(plan, { value: progress.value, operator })
  for await (const event of copyRows([select], { plan, context, encoder, sink })) {
    if (event.type !== 'ROWS') continue
    yield event
    const reached =
      tracker.completed === null ? null : progressTo(read, base.cursor, tracker.completed)
    if (reached !== null) yield checkpoint({ ...base, cursor: reached })
  }
  const reached = await finalProgress(read, saved, tracker.current)
  const state = { ...base, cursor: withMark(read, reached) }
  const isUnchanged = encoder.rows === 0 && isSameHorizon(saved.state.horizon, horizon)
  yield isUnchanged ? { type: 'CHECKPOINT', state: () => plan.state! } : checkpoint(state)
}

/** The rows of the window before the saved value that are to be looked at again; null: none. */
function lateRows(read: CursorRead, saved: Saved, isTieComplete: boolean): string | null {
  const { plan, context } = read
  const { horizon, cursor: progress } = saved.state
  if (horizon === null || context.config.lateCommitWindowMs === 0) return null
  const operator = isTieComplete ? '<=' : '<'
  const { value, marks } = progress
  const start = windowStart(read, progress, horizon)
  if (plan.relation.hasSystemColumns) {
    const lower = saved.isRewritten ? null : start
    return lateRowsQuery(plan, { value, operator, lower, horizon })
  }
  const oldest = marks[0] === undefined ? null : cursorLiteral(marks[0].value)
  const lower = start ?? oldest
  return lower === null ? null : lateRowsQuery(plan, { value, operator, lower, horizon: null })
}

function windowStart(
  { plan, context }: CursorRead,
  progress: CursorProgress,
  { atMs: savedAtMs }: Pick<Horizon, 'atMs'>,
): string | null {
  const windowMs = context.config.lateCommitWindowMs
  return lowerBound(progress, plan.cursor!, { savedAtMs, windowMs })
}

/** The saved state, if it is one of this cursor and the server takes its value; null, with a word in the log, if not. */
async function findSaved(read: CursorRead): Promise<Saved | null> {
  const { plan, context } = read
  if (plan.state === null) return null
  const state = parseStreamState(plan.state)
  const progress = state?.cursor ?? null
  if (state !== null && progress === null && state.type === 'cursor') return null
  const name = plan.cursor!.name
  if (state === null || progress === null || state.type === 'xmin' || state.scan !== null) {
    if (state?.scan == null) warnOfFreshStart(plan, context, `it is not one of cursor '${name}'`)
    return null
  }
  if (progress.field !== name) {
    warnOfFreshStart(plan, context, `its cursor is '${progress.field}', not '${name}'`)
    return null
  }
  return await examineSaved(read, { ...state, cursor: progress })
}

async function examineSaved(read: CursorRead, state: Saved['state']): Promise<Saved | null> {
  const { plan, context } = read
  const rows = await context.transaction.attempt<{ count: string; nulls: string }>(
    savedQuery(plan, state.cursor),
  )
  if (rows === null) {
    warnOfFreshStart(plan, context, `its value is none of cursor '${plan.cursor!.name}'`)
    return null
  }
  const { horizon } = state
  const hasXids = plan.relation.hasSystemColumns && horizon !== null
  if (hasXids && !isComparable(horizon, context.transaction.snapshot)) {
    warnOfFreshStart(plan, context, 'it was saved on another server, or too long ago')
    return null
  }
  const filenode = await readFilenode(read)
  const isRewritten = state.filenode !== null && state.filenode !== filenode
  if (isRewritten && horizon === null) {
    warnOfFreshStart(plan, context, 'its table was rewritten, truncated or made anew since')
    return null
  }
  if (isRewritten) warnOfRewrite(read)
  warnOfNulls(read, Number(rows[0]!.nulls))
  return { state, isRewritten, count: Number(rows[0]!.count), filenode }
}

function warnOfRewrite({ plan, context }: CursorRead): void {
  const message = `The table of stream ${labelOf(plan)} was rewritten, truncated or made anew since the last sync. All of it is searched for rows written since.`
  context.log('WARN', message)
}

function warnOfNulls({ plan, context }: CursorRead, nulls: number): void {
  if (nulls === 0) return
  const message = `${nulls} rows of stream ${labelOf(plan)} have no value in cursor '${plan.cursor!.name}'. Incremental syncs do not see changes to them.`
  context.log('WARN', message)
}

/** Behind all rows: the last value, with a mark for later syncs. Without rows the saved one stays. */
async function finalProgress(
  read: CursorRead,
  { state: { cursor: progress }, count }: Saved,
  last: ValueRun | null,
): Promise<CursorProgress> {
  if (last === null) return { ...progress, recordCount: count }
  const reached = progressTo(read, progress, last)
  if (reached !== null) return reached
  const bound = await readBound(read)
  return bound === null ? progress : { ...bound, marks: progress.marks }
}

/** Null for a value that JSON cannot hold: it is passed over as a checkpoint. */
function progressTo(
  { plan }: CursorRead,
  { field, marks }: CursorProgress,
  { bytes, rows }: ValueRun,
): CursorProgress | null {
  const value = cursorValueOfCopy(plan.cursor!.type, bytes)
  return value === null ? null : { field, value, recordCount: rows, marks }
}

function withMark({ context }: CursorRead, progress: CursorProgress): CursorProgress {
  const windowMs = context.config.lateCommitWindowMs
  const { atMs } = context.transaction.snapshot
  return { ...progress, marks: windowMs === 0 ? [] : nextMarks(progress, atMs, windowMs) }
}

async function readBound({
  plan,
  context,
}: CursorRead): Promise<Omit<CursorProgress, 'marks'> | null> {
  const [row] = await context.transaction.query<{ value: string; count: string }>(boundQuery(plan))
  if (row === undefined) return null
  const { name, type } = plan.cursor!
  return { field: name, value: cursorValueOfText(type, row.value), recordCount: Number(row.count) }
}

/** What the next sync needs to know of this snapshot; null when late commits are not looked for. */
async function horizonFor(
  read: CursorRead,
  progress: CursorProgress | null,
): Promise<Horizon | null> {
  const { plan, context } = read
  const { xmin, atMs } = context.transaction.snapshot
  if (context.config.lateCommitWindowMs === 0) return null
  if (!plan.relation.hasSystemColumns) return { xmin, xids: [], atMs }
  const lower = progress === null ? null : windowStart(read, progress, { atMs })
  return await readHorizon(plan, context, lower === null ? null : isAbove(plan, lower))
}

async function readFilenode({ plan, context }: CursorRead): Promise<number | null> {
  const { oid, hasSystemColumns } = plan.relation
  if (!hasSystemColumns) return null
  const sql = 'SELECT pg_catalog.pg_relation_filenode($1::pg_catalog.oid) AS filenode'
  const [row] = await context.transaction.query<{ filenode: number | null }>(sql, [oid])
  return row?.filenode ?? null
}

function checkpoint(state: StreamState): ReadEvent {
  return { type: 'CHECKPOINT', state: () => buildStreamState(state) }
}
