import { type Horizon, notCoveredBy } from '../../state/horizon.ts'
import { type ScanPosition, type Tid, tidText } from '../../state/scan-position.ts'
import { copyRows, copyStatements, selectColumns } from '../copy-rows.ts'
import { LeadingField, TidTracker } from '../leading-field.ts'
import type { RowsRead } from '../feed.ts'
import type { ReadContext } from '../stream-feed.ts'
import { hasTidRangeScan } from '../../postgres/connection/server-facts.ts'
import { estimateRowsPerPage, FIRST_WINDOWS, MAX_WINDOWS, planWindows } from './page-windows.ts'
import { readSegments, type Segment } from './segments.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** With the records so far, everything before this position has been read. */
export interface ScanProgress {
  readonly type: 'POSITION'
  readonly position: ScanPosition
}

/** Position at which an interrupted scan is resumed. */
export interface ResumePoint {
  readonly segments: readonly Segment[]
  /** Index of the segment with the position. */
  readonly first: number
  readonly position: Tid
  /** Horizon at the start of the scan; null: unknown, so rows written since are not searched. */
  readonly horizon: Horizon | null
}

interface Scan {
  readonly plan: StreamPlan
  readonly context: ReadContext
}

/**
 * Finds the segment at which a scan is resumed, by its leaf and file. Returns null if the segment
 * does not exist any more or has another file; the scan must then start over.
 */
export async function findResumePoint(
  plan: StreamPlan,
  context: ReadContext,
  { position, horizon }: { position: ScanPosition; horizon: Horizon | null },
): Promise<ResumePoint | null> {
  const segments = await readSegments(plan, context, horizon)
  const first = segments.findIndex(
    ({ leaf, filenode }) => leaf === position.leaf && filenode === position.filenode,
  )
  return first === -1 ? null : { segments, first, position, horizon }
}

/**
 * Reads a relation in the order of its pages. A resumed scan first reads what the interrupted one
 * has not seen before its position: rows written since, because an update may have moved a row
 * there, and leaves attached since.
 */
export async function* scanPages(
  plan: StreamPlan,
  context: ReadContext,
  resume: ResumePoint | null,
): AsyncGenerator<RowsRead | ScanProgress> {
  const scan = { plan, context }
  if (resume !== null) yield* catchUp(scan, resume)
  const segments = resume?.segments.slice(resume.first) ?? (await readSegments(plan, context))
  for (const [index, segment] of segments.entries()) {
    const isResumed = index === 0 && resume !== null
    yield* scanSegment(scan, segment, isResumed ? resume.position : startOf(segment.start))
  }
}

async function* catchUp(
  scan: Scan,
  { segments, first, position, horizon }: ResumePoint,
): AsyncGenerator<RowsRead> {
  if (horizon === null) return
  const isWritten = notCoveredBy(horizon)
  const conditions = segments.slice(0, first + 1).map(({ isNew }, index) => {
    if (index === first)
      return `ctid OPERATOR(pg_catalog.<=) ${tidLiteral(position)} AND ${isWritten}`
    return isNew ? 'true' : isWritten
  })
  const selects = conditions.map((condition, index) => {
    const from = `FROM ${segments[index]!.from} WHERE ${condition}${andFilter(scan.plan)}`
    return selectColumns(scan.plan, from)
  })
  yield* copyRows(selects, scan)
}

function scanSegment(
  scan: Scan,
  segment: Segment,
  after: Tid,
): AsyncGenerator<RowsRead | ScanProgress> {
  const { server } = scan.context.database
  return hasTidRangeScan(server)
    ? scanWindows(scan, segment, after)
    : scanOnce(scan, segment, after)
}

async function* scanWindows(
  scan: Scan,
  segment: Segment,
  after: Tid,
): AsyncGenerator<RowsRead | ScanProgress> {
  const { plan, context } = scan
  const { pages, from, end: last } = segment
  const { reader, sink, config } = context
  let { rowsPerPage } = segment
  const { batchSize: batchRows } = config
  // A shard uses one backend, because other shards are read at the same time
  await using copier = reader.copier(plan.ranges === null ? from : null)
  let maxWindows = FIRST_WINDOWS
  let start: number | null = after.page
  while (start !== null) {
    const windows = planWindows({ start, pages, last, rowsPerPage, batchRows, maxWindows })
    const selects = windows.map((window) => {
      const lower = window.start === after.page ? after : startOf(window.start)
      return selectColumns(plan, `${windowClause(segment, lower, window.end)}${andFilter(plan)}`)
    })
    const rowsBefore = sink.rows
    for await (const event of copyStatements(selects, scan, { copier })) {
      const page = event.type === 'STATEMENT' ? windows[event.index]!.end : null
      if (event.type === 'ROWS') yield event
      else if (page !== null) yield positionIn(segment, startOf(page))
    }
    const end = windows.at(-1)!.end
    if (end !== null) rowsPerPage = estimateRowsPerPage(sink.rows - rowsBefore, end - start)
    start = end === last ? null : end
    maxWindows = Math.min(2 * maxWindows, MAX_WINDOWS)
  }
}

/**
 * Runs one scan with the ctid as an additional first column, which is not in the records: each row
 * is a position.
 */
async function* scanOnce(
  scan: Scan,
  segment: Segment,
  after: Tid,
): AsyncGenerator<RowsRead | ScanProgress> {
  const tracker = new TidTracker()
  const sink = new LeadingField(scan.context.sink, tracker.observe)
  const columns = ['ctid', ...scan.plan.columns.map((column) => column.select)].join(', ')
  const select = `SELECT ${columns} ${windowClause(segment, after, null)}${andFilter(scan.plan)}`
  for await (const event of copyRows([select], scan, { sink })) {
    yield event
    yield positionIn(segment, tracker)
  }
}

function andFilter({ filter }: StreamPlan): string {
  return filter === null ? '' : ` AND (${filter})`
}

function positionIn({ filenode, leaf }: Segment, { page, tuple }: Tid): ScanProgress {
  return { type: 'POSITION', position: { page, tuple, filenode, leaf } }
}

/** The tid before the first row of a page. */
function startOf(page: number): Tid {
  return { page, tuple: 0 }
}

function windowClause({ from }: Segment, after: Tid, endPage: number | null): string {
  const lower = `ctid OPERATOR(pg_catalog.>) ${tidLiteral(after)}`
  if (endPage === null) return `FROM ${from} WHERE ${lower}`
  return `FROM ${from} WHERE ${lower} AND ctid OPERATOR(pg_catalog.<) ${tidLiteral(startOf(endPage))}`
}

function tidLiteral(tid: Tid): string {
  return `'${tidText(tid)}'::pg_catalog.tid`
}
