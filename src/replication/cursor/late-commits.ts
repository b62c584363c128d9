import { literal } from '../../sql.ts'
import type { CursorProgress, HighWaterMark } from '../../state/stream-state.ts'
import { type CursorRead, cursorLiteral } from './cursor-read.ts'

/**
 * A transaction may commit after a sync with a lower cursor value than the sync has saved. Its rows
 * are searched between the cursor value of one window before that sync and the saved value. (If the
 * transaction was open for longer than the window, its rows are missed.)
 */

/** Minimum distance of marks, as a share of the window. */
const MARKS_PER_WINDOW = 10

/**
 * Returns the earlier marks and the current cursor value, as far as the next syncs may need them.
 * The oldest is first.
 */
export function nextMarks(
  { marks, value }: Pick<CursorProgress, 'marks' | 'value'>,
  atMs: number,
  windowMs: number,
): HighWaterMark[] {
  const last = marks.at(-1)
  const isClose = last !== undefined && atMs - last.atMs < windowMs / MARKS_PER_WINDOW
  const all = isClose ? marks : [...marks, { value, atMs }]
  const needed = all.findLastIndex((mark) => mark.atMs <= atMs - windowMs)
  return all.slice(Math.max(needed, 0))
}

/**
 * Builds SQL of the value below which late rows are not searched; null: it is unknown, so all rows
 * are searched. For a cursor that is a clock, it is known from the start; for others, when a mark
 * is one window older than `savedAtMs`.
 */
export function lowerBound(
  { marks, value }: CursorProgress,
  { order, column }: Pick<CursorRead, 'order' | 'column'>,
  { savedAtMs, windowMs }: { savedAtMs: number; windowMs: number },
): string | null {
  const mark = marks.findLast(({ atMs }) => atMs <= savedAtMs - windowMs)
  if (mark !== undefined) return cursorLiteral(order, mark.value)
  if (column.type.cursor?.isClock !== true) return null
  const saved = `${literal(String(value))}::pg_catalog.timestamptz`
  const then = `pg_catalog.to_timestamp(${savedAtMs / 1000})`
  const window = `'${Math.ceil(windowMs / 1000)} s'::pg_catalog.interval`
  return order.cast(`(least(${saved}, ${then}) OPERATOR(pg_catalog.-) ${window})`)
}
