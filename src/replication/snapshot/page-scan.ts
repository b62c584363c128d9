import { type Horizon, isBeyond } from '../../state/horizon.ts'
import { ctidOfPage, type ScanPosition } from '../../state/stream-state.ts'
import { copyRows, copyStatements, selectColumns } from '../copy-rows.ts'
import { LeadingField, PageTracker } from '../leading-field.ts'
import type { RowsRead } from '../feed.ts'
import type { ReadContext } from '../stream-feed.ts'
import { hasTidRangeScan } from '../../postgres/connection/server-facts.ts'
import {
  estimateRowsPerPage,
  FIRST_WINDOWS,
  MAX_WINDOWS,
  type PageWindow,
  planWindows,
} from './page-windows.ts'
import { readSegments, type Segment } from './segments.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** With the records so far, everything before this position has been read. */
export interface ScanProgress {
  readonly type: 'POSITION'
  readonly position: ScanPosition
}

/** An earlier scan that is gone on with. */
export interface ScanStart {
  readonly position: ScanPosition
  /** What the earlier scan saw; null: not known, then what it passed is not looked at again. */
  readonly horizon: Horizon | null
}

interface Scan {
  readonly plan: StreamPlan
  readonly context: ReadContext
}

/**
 * Reads a relation in the order of its pages. A scan that goes on from an earlier one first reads the rows that have
 * been written since on the pages before its start: an update may have moved a row there.
 */
export async function* scanPages(
  plan: StreamPlan,
  context: ReadContext,
  start: ScanStart | null,
): AsyncGenerator<RowsRead | ScanProgress> {
  const segments = await readSegments(plan, context)
  const scan = { plan, context }
  const at = start?.position ?? null
  const first = at === null ? 0 : segments.findIndex(({ leaf }) => leaf === at.leaf)
  if (start !== null && start.horizon !== null) {
    yield* catchUp(scan, segments.slice(0, first + 1), start.position.page, start.horizon)
  }
  for (const [index, segment] of segments.slice(first).entries()) {
    yield* scanSegment(scan, segment, index === 0 && at !== null ? at.page : 0)
  }
}

/** Whether a scan can go on from `position`: its file is still there under the same number. */
export async function canResumeScan(
  plan: StreamPlan,
  context: ReadContext,
  position: ScanPosition,
): Promise<boolean> {
  const segments = await readSegments(plan, context)
  return segments.some((segment) => isFileOf(segment, position))
}

function isFileOf({ leaf, filenode }: Segment, position: ScanPosition): boolean {
  return leaf === position.leaf && filenode === position.filenode
}

async function* catchUp(
  scan: Scan,
  segments: readonly Segment[],
  page: number,
  horizon: Horizon,
): AsyncGenerator<RowsRead> {
  const selects = segments.map(({ from }, index) => {
    const isLast = index === segments.length - 1
    const before = isLast ? `ctid OPERATOR(pg_catalog.<) ${tidOfPage(page)} AND ` : ''
    return selectColumns(
      scan.plan,
      `FROM ${from} WHERE ${before}${isBeyond(horizon)}${andFilter(scan.plan)}`,
    )
  })
  yield* copyRows(selects, scan)
}

function scanSegment(
  scan: Scan,
  segment: Segment,
  page: number,
): AsyncGenerator<RowsRead | ScanProgress> {
  const { server } = scan.context.database
  return hasTidRangeScan(server) ? scanWindows(scan, segment, page) : scanOnce(scan, segment, page)
}

async function* scanWindows(
  scan: Scan,
  segment: Segment,
  startPage: number,
): AsyncGenerator<RowsRead | ScanProgress> {
  const { plan, context } = scan
  const { pages, filenode, leaf, from } = segment
  const { twin, sink, config } = context
  let { rowsPerPage } = segment
  const { batchSize: batchRows } = config
  await using copier = twin.copier(from)
  let maxWindows = FIRST_WINDOWS
  let start: number | null = startPage
  while (start !== null) {
    const windows = planWindows({ start, pages, rowsPerPage, batchRows, maxWindows })
    const selects = windows.map((window) =>
      selectColumns(plan, `${windowClause(segment, window)}${andFilter(plan)}`),
    )
    const rowsBefore = sink.rows
    for await (const event of copyStatements(selects, scan, { copier })) {
      const page = event.type === 'STATEMENT' ? windows[event.index]!.end : null
      if (event.type === 'ROWS') yield event
      else if (page !== null) yield { type: 'POSITION', position: { page, filenode, leaf } }
    }
    const end = windows.at(-1)!.end
    if (end !== null) rowsPerPage = estimateRowsPerPage(sink.rows - rowsBefore, end - start)
    start = end
    maxWindows = Math.min(2 * maxWindows, MAX_WINDOWS)
  }
}

/** One scan with the ctid as a first column that no record shows: each new page is a position. */
async function* scanOnce(
  scan: Scan,
  { from, filenode, leaf }: Segment,
  startPage: number,
): AsyncGenerator<RowsRead | ScanProgress> {
  const tracker = new PageTracker()
  const sink = new LeadingField(scan.context.sink, tracker.observe)
  const columns = ['ctid', ...scan.plan.columns.map((column) => column.select)].join(', ')
  const where = `ctid OPERATOR(pg_catalog.>=) ${tidOfPage(startPage)}`
  const select = `SELECT ${columns} FROM ${from} WHERE ${where}${andFilter(scan.plan)}`
  for await (const event of copyRows([select], scan, { sink })) {
    yield event
    yield { type: 'POSITION', position: { page: tracker.page, filenode, leaf } }
  }
}

function andFilter({ filter }: StreamPlan): string {
  return filter === null ? '' : ` AND (${filter})`
}

function windowClause({ from }: Segment, { start, end }: PageWindow): string {
  const lower = `ctid OPERATOR(pg_catalog.>=) ${tidOfPage(start)}`
  const upper = end === null ? '' : ` AND ctid OPERATOR(pg_catalog.<) ${tidOfPage(end)}`
  return `FROM ${from} WHERE ${lower}${upper}`
}

function tidOfPage(page: number): string {
  return `'${ctidOfPage(page)}'::pg_catalog.tid`
}
