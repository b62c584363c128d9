/** Pages `[start, end)`; `end` null: to the end of the relation. */
export interface PageWindow {
  readonly start: number
  readonly end: number | null
}

/**
 * How many windows are asked for at first: few, since they tell how many rows a page has and whether the server is slow;
 * and later: enough that the round trip between queries does not show.
 */
export const FIRST_WINDOWS = 8
export const MAX_WINDOWS = 64
/** 2 MiB at the usual 8 KiB a page: sockets hold about as much, so that a server can work ahead while the window of another is read. */
const MAX_WINDOW_PAGES = 256
/** Pages do not all hold the same number of rows; a window should not fall just short of a batch. */
const MARGIN = 1.05
/** For relations without statistics. */
const ASSUMED_ROWS_PER_PAGE = 100

/**
 * The next windows from page `start` on, up to page `last`, or to the end of the relation if that is null, at most `maxWindows` of equal length. As few as their greatest length allows are
 * expected to hold `batchRows` rows. To the end, the last one is open-ended: a size that grew meanwhile loses nothing.
 */
export function planWindows(facts: {
  start: number
  pages: number
  last: number | null
  rowsPerPage: number
  batchRows: number
  maxWindows: number
}): PageWindow[] {
  const { start, pages, last, rowsPerPage, batchRows, maxWindows } = facts
  const batchPages = (batchRows * MARGIN) / rowsPerPage
  const windowsPerBatch = Math.ceil(batchPages / MAX_WINDOW_PAGES)
  const windowPages = Math.max(Math.ceil(batchPages / windowsPerBatch), 1)
  const windows: PageWindow[] = []
  for (let page = start; windows.length < maxWindows; page += windowPages) {
    const isLast = page + windowPages >= (last ?? pages)
    windows.push({ start: page, end: isLast ? last : page + windowPages })
    if (isLast) break
  }
  return windows
}

/** Rows per page; at least a fraction, so that a window is never endless. Without statistics there are -1 rows. */
export function estimateRowsPerPage(rows: number, pages: number): number {
  if (rows <= 0 || pages <= 0) return ASSUMED_ROWS_PER_PAGE
  return Math.max(rows / pages, 1 / 1024)
}
