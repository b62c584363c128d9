/** Pages `[start, end)`; `end` null: to the end of the relation. */
export interface PageWindow {
  readonly start: number
  readonly end: number | null
}

/** How many windows are asked for in one query: enough that the round trip between queries does not show. */
const WINDOWS_PER_QUERY = 32
const MAX_WINDOW_PAGES = 16_384 /* 128 MiB */
/** Pages do not all hold the same number of rows; a window should not fall just short of a batch. */
const MARGIN = 1.05
/** For relations that the statistics know nothing about. */
const ASSUMED_ROWS_PER_PAGE = 100

/**
 * The next windows from page `start` on, each expected to hold `batchRows` rows. The last of a relation is open-ended,
 * so that a size that grew meanwhile loses nothing.
 */
export function planWindows(facts: {
  start: number
  pages: number
  rowsPerPage: number
  batchRows: number
}): PageWindow[] {
  const { start, pages, rowsPerPage, batchRows } = facts
  const wanted = Math.ceil((batchRows * MARGIN) / rowsPerPage)
  const windowPages = Math.min(Math.max(wanted, 1), MAX_WINDOW_PAGES)
  const windows: PageWindow[] = []
  for (let page = start; windows.length < WINDOWS_PER_QUERY; page += windowPages) {
    const isLast = page + windowPages >= pages
    windows.push({ start: page, end: isLast ? null : page + windowPages })
    if (isLast) break
  }
  return windows
}

/** Rows per page; at least a fraction, so that a window is never endless. Statistics that know nothing have -1 rows. */
export function estimateRowsPerPage(rows: number, pages: number): number {
  if (rows <= 0 || pages <= 0) return ASSUMED_ROWS_PER_PAGE
  return Math.max(rows / pages, 1 / 1024)
}
