import { queryRows } from '../../postgres/session/sql-session.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { hasRowHistory } from '../../introspection/relation.ts'
import { isComparable } from '../../state/horizon.ts'
import { parseStreamState } from '../../state/parse-stream-state.ts'
import type { CursorProgress, StreamState } from '../../state/stream-state.ts'
import { savedQuery } from './queries.ts'
import { type CursorRead, cursorLiteral } from './cursor-read.ts'
import { replacementOf, warnOfFreshStart } from '../snapshot/initial-load.ts'

/** A saved state that can be resumed, and facts about it in the snapshot. */
export interface ResumeState {
  readonly state: StreamState & { readonly cursor: CursorProgress }
  /** Whether the relation has another file now. */
  readonly isRewritten: boolean
  /** Current number of rows with the saved value. */
  readonly count: number
  /** Current file of the relation. */
  readonly filenode: number | null
}

/**
 * Finds the saved state; null if there is none, if it is that of an unfinished load, or, with a
 * WARN, if it does not match this cursor and its type.
 */
export async function findResumeState(read: CursorRead): Promise<ResumeState | null> {
  const { plan, context } = read
  const { savedState } = context
  const state = savedState === null ? null : parseStreamState(savedState)
  if (savedState === null || (state !== null && state.scan !== null)) return null
  const mismatch = mismatchOf(state, plan.cursor!.name) ?? replacementOf(plan, state)
  if (mismatch !== null) warnOfFreshStart(plan, context, mismatch)
  const progress = state?.cursor ?? null
  if (mismatch !== null || state === null || progress === null) return null
  return await examine(read, { ...state, cursor: progress })
}

/**
 * Returns why a state cannot be resumed with this cursor; null: it can, or it has no cursor value
 * yet.
 */
export function mismatchOf(state: StreamState | null, name: string): string | null {
  if (state?.type === 'cursor' && state.cursor === null) return null
  const isOfXmin = state !== null && (state.type === 'xmin' || state.xmin !== null)
  if (state === null || isOfXmin || (state.scan === null && state.cursor === null)) {
    return `it is not a state of cursor '${name}'`
  }
  const field = state.cursor?.field ?? name
  return field === name ? null : `its cursor is '${field}', not '${name}'`
}

interface SavedRow {
  readonly count: string
  readonly nulls: string
}

async function examine(read: CursorRead, state: ResumeState['state']): Promise<ResumeState | null> {
  const { plan, context, order } = read
  const { value, marks } = state.cursor
  const literals = [value, ...marks.map((mark) => mark.value)].map((each) =>
    cursorLiteral(order, each),
  )
  if (!(await context.transaction.areValid(literals))) {
    warnOfFreshStart(
      plan,
      context,
      `it has a value that is not valid for the type of cursor '${plan.cursor!.name}'`,
    )
    return null
  }
  const filenode = filenodeOf(read)
  const isRewritten =
    hasRowHistory(plan.relation) && state.filenode !== null && state.filenode !== filenode
  const mismatch = historyMismatch(read, state, isRewritten)
  if (mismatch !== null) {
    warnOfFreshStart(plan, context, mismatch)
    return null
  }
  if (isRewritten) warnOfRewrite(read)
  const [row] = await queryRows<SavedRow>(context.transaction, savedQuery(read, state.cursor))
  warnOfNulls(read, Number(row!.nulls))
  return { state, isRewritten, count: Number(row!.count), filenode }
}

/** Returns why the saved state no longer distinguishes the delivered rows; null: it does. */
function historyMismatch(
  { plan, context }: CursorRead,
  { horizon }: StreamState,
  isRewritten: boolean,
): string | null {
  if (!hasRowHistory(plan.relation)) return null
  if (horizon !== null && !isComparable(horizon, context.transaction.snapshot)) {
    return 'it was saved on another server, or too long ago'
  }
  const isSearchable = horizon !== null && context.config.lateCommitWindowMs > 0
  return isRewritten && !isSearchable ? 'its table has been rewritten or truncated since' : null
}

/**
 * `pg_relation_filenode`; null if another file does not mean that rows were lost: each REFRESH
 * creates one.
 */
export function filenodeOf({ plan, context }: CursorRead): number | null {
  return hasRowHistory(plan.relation) ? (context.locked?.filenode ?? null) : null
}

function warnOfRewrite({ plan, context }: CursorRead): void {
  const message = `The table of stream '${streamLabel(plan.descriptor)}' was rewritten or truncated since the last sync. The whole table is searched for rows written since.`
  context.log('WARN', message)
}

function warnOfNulls({ plan, context }: CursorRead, nulls: number): void {
  if (nulls === 0) return
  const message = `${nulls} rows of stream '${streamLabel(plan.descriptor)}' have no value in cursor '${plan.cursor!.name}'. Incremental syncs do not see changes to them.`
  context.log('WARN', message)
}
