/** Pages `[start, end)`; `end` null: to the end of the relation. */
export interface PageWindow {
  readonly start: number
  readonly end: number | null
}

/**
 * Number of windows requested at first: few, because they show how many rows a page has and whether
 * the server is slow. Later: enough to hide the round trip between queries.
 */
export const FIRST_WINDOWS = 8
export const MAX_WINDOWS = 64
/**
 * 2 MiB with pages of 8 KiB. Sockets buffer about as much, so a server can continue while another
 * window is read.
 */
const MAX_WINDOW_PAGES = 256
/** Margin for pages with fewer rows: a window should not contain slightly less than a batch. */
const MARGIN = 1.05
/** For relations without statistics. */
const ASSUMED_ROWS_PER_PAGE = 100

/**
 * Plans the next windows of equal length from page `start` to page `last`, or to the end of the
 * relation if that is null: at most `maxWindows`, and as few as can be expected to contain
 * `batchRows` rows. The last window of a relation has an open end, so that pages added meanwhile
 * are read.
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

/**
 * Estimates the rows per page; at least a fraction, so that the length of a window is limited.
 * Without statistics, `rows` is -1.
 */
export function estimateRowsPerPage(rows: number, pages: number): number {
  if (rows <= 0 || pages <= 0) return ASSUMED_ROWS_PER_PAGE
  return Math.max(rows / pages, 1 / 1024)
}
