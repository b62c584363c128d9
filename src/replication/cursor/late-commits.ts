import { literal } from '../../sql.ts'
import type { CursorProgress, HighWaterMark } from '../../state/stream-state.ts'
import { type CursorRead, cursorLiteral } from './cursor-read.ts'

/**
 * A transaction may commit after a sync with a smaller cursor value than the sync has saved. Its rows are looked for
 * between where the cursor was one window before that sync and the saved value. (Had the transaction been open for
 * longer than the window, its rows would be missed; that is the window's meaning.)
 */

/** Marks are not kept closer together than this share of the window. */
const MARKS_PER_WINDOW = 10

/** The earlier marks and where the cursor is now: what the next syncs may need of them. Oldest first. */
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
 * SQL for the value below which no late row is looked for; null: none is known, look everywhere.
 * A cursor that is a clock tells it from the start; others when a mark is one window older than the sync at `savedAtMs`.
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
