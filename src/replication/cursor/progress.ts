import { queryRows } from '../../postgres/session/sql-session.ts'
import { hasRowHistory } from '../../introspection/relation.ts'
import { type Leaf, readLeaves } from '../../introspection/leaves.ts'
import { type Horizon, notCoveredBy } from '../../state/horizon.ts'
import type { CursorProgress } from '../../state/stream-state.ts'
import { boundQuery, countQuery, isAbove } from './queries.ts'
import type { CursorRead } from './cursor-read.ts'
import { cursorValueOfCopy, cursorValueOfText } from './value.ts'
import { lowerBound, nextMarks } from './late-commits.ts'
import type { ValueGroup } from '../leading-field.ts'
import { readHorizon } from '../read-horizon.ts'

/**
 * Reads the upper bound of the snapshot, which the first load will reach; null: no row has a cursor
 * value.
 */
export async function readBound(read: CursorRead): Promise<CursorProgress | null> {
  const { name, type } = read.column
  const { transaction } = read.context
  const [row] = await queryRows<{ value: string; count: string }>(transaction, boundQuery(read))
  if (row === undefined) return null
  const value = cursorValueOfText(type, row.value)
  return withMark(read, { field: name, value, recordCount: Number(row.count), marks: [] })
}

/**
 * Progress of a read that has delivered all rows up to and including a value; null for a value that
 * JSON cannot represent. If equal values can have several forms, rows with another form may follow,
 * so that the number of delivered rows with the value is unknown.
 */
export function progressTo(
  { column }: CursorRead,
  { field, marks }: CursorProgress,
  { bytes, rows }: ValueGroup,
): CursorProgress | null {
  const value = cursorValueOfCopy(column.type, bytes)
  const recordCount = column.type.cursor?.hasOneForm === true ? rows : null
  return value === null ? null : { field, value, recordCount, marks }
}

/**
 * Progress after all rows: the last value. Without rows, the saved value, which `count` rows have
 * now.
 */
export async function finalProgress(
  read: CursorRead,
  saved: CursorProgress,
  { last, count }: { last: ValueGroup | null; count: number },
): Promise<CursorProgress> {
  if (last === null) return withMark(read, { ...saved, recordCount: count })
  const reached = progressTo(read, saved, last)
  if (reached === null) return (await readBound(read)) ?? saved
  if (reached.recordCount !== null) return withMark(read, reached)
  const { transaction } = read.context
  const [row] = await queryRows<{ count: string }>(transaction, countQuery(read, reached))
  return withMark(read, { ...reached, recordCount: Number(row!.count) })
}

/**
 * Reads what the next sync needs of this snapshot: which rows of the window, and which with a value
 * that cannot be exceeded, it has seen.
 */
export async function readCursorHorizon(
  read: CursorRead,
  progress: CursorProgress | null,
): Promise<Horizon> {
  const { plan, context, cursor, order, nonFiniteBound } = read
  const { xmin, atMs } = context.transaction.snapshot
  const isWindowOff = context.config.lateCommitWindowMs === 0
  if (!hasRowHistory(plan.relation) || (isWindowOff && nonFiniteBound === null)) {
    return { xmin, xids: [], atMs }
  }
  if (isWindowOff && nonFiniteBound !== null) {
    return await readHorizon(plan, context, order.compare(cursor, '>=', nonFiniteBound))
  }
  const lower = progress === null ? null : windowStart(read, progress, atMs)
  const horizon = await readHorizon(plan, context, lower === null ? null : isAbove(read, lower))
  return plan.relation.kind === 'p' ? await withAltererXids(read, horizon) : horizon
}

/**
 * Adds the visible transactions that altered leaves, so that the next sync searches only leaves that
 * were altered later. Rows from such a transaction may all be before the window, or not exist.
 */
async function withAltererXids(read: CursorRead, horizon: Horizon): Promise<Horizon> {
  const { xmin, xmax } = read.context.transaction.snapshot
  if (xmin === xmax) return horizon
  const leaves = await readAlteredLeaves(read, horizon)
  return { ...horizon, xids: [...new Set([...horizon.xids, ...leaves.map(({ xid }) => xid)])] }
}

/** Reads the leaves whose entry in pg_class is not covered by a horizon. */
export async function readAlteredLeaves(
  { plan, context }: CursorRead,
  horizon: Horizon,
): Promise<readonly Leaf[]> {
  const where = notCoveredBy(horizon, 'c.xmin')
  return await readLeaves(context.transaction, plan.relation.oid, { where })
}

/**
 * Builds SQL of the value below which late rows are not searched after a sync at `savedAtMs`; null:
 * all rows are.
 */
export function windowStart(
  read: CursorRead,
  progress: CursorProgress,
  savedAtMs: number,
): string | null {
  const windowMs = read.context.config.lateCommitWindowMs
  return lowerBound(progress, read, { savedAtMs, windowMs })
}

function withMark({ context }: CursorRead, progress: CursorProgress): CursorProgress {
  const windowMs = context.config.lateCommitWindowMs
  const { atMs } = context.transaction.snapshot
  return { ...progress, marks: windowMs === 0 ? [] : nextMarks(progress, atMs, windowMs) }
}
