import { readLeaves } from '../catalog/leaves.ts'
import { ident } from '../sql.ts'
import { ctidOfPage } from '../state/ctid.ts'
import { copyRows, recordEncoder, selectColumns } from './copy-rows.ts'
import { CtidTracker } from './ctid-tracker.ts'
import type { ReadContext, RowsRead } from './method.ts'
import { estimateRowsPerPage, type PageWindow, planWindows } from './page-windows.ts'
import type { StreamPlan } from './stream-plan.ts'
import type { RecordEncoder } from '../records/record-encoder.ts'

/** Everything of the relation before this has been read: all leaves before `leaf`, and its pages before `page`. */
export interface ScanPosition {
  readonly page: number
  /** `pg_relation_filenode`: another one means that the rows have moved. */
  readonly filenode: number
  /** `schema.name`, quoted, of the partition; null for a relation without partitions. */
  readonly leaf: string | null
}

/** Rows up to here are in the output. */
export interface ScanCheckpoint {
  readonly type: 'CHECKPOINT'
  readonly position: ScanPosition
}

/** TID range scans: before them a range of ctids costs a scan of the whole relation. */
const MAJOR_WITH_TID_RANGE_SCAN = 14

interface Segment {
  readonly from: string
  readonly leaf: string | null
  readonly pages: number
  readonly filenode: number
  readonly rowsPerPage: number
}

/**
 * Reads a relation in the order of its pages, from `start` on, with a checkpoint about every `batch_size` rows.
 * @param start where an earlier scan of the same files got to; null: from the beginning.
 */
export async function* scanPages(
  plan: StreamPlan,
  context: ReadContext,
  start: ScanPosition | null,
): AsyncGenerator<RowsRead | ScanCheckpoint> {
  const encoder = recordEncoder(plan, context)
  const segments = await readSegments(plan, context)
  const first = start === null ? 0 : segments.findIndex(({ leaf }) => leaf === start.leaf)
  for (const [index, segment] of segments.slice(first).entries()) {
    const page = index === 0 && start !== null ? start.page : 0
    const scan = { plan, context, encoder, segment }
    if (context.database.server.major >= MAJOR_WITH_TID_RANGE_SCAN) yield* scanWindows(scan, page)
    else yield* scanOnce(scan, page)
  }
}

/** Whether a scan can go on from `start`: its file is still there under the same number. */
export async function canResumeScan(
  plan: StreamPlan,
  context: ReadContext,
  start: ScanPosition,
): Promise<boolean> {
  const segments = await readSegments(plan, context)
  return segments.some(({ leaf, filenode }) => leaf === start.leaf && filenode === start.filenode)
}

interface Scan {
  readonly plan: StreamPlan
  readonly context: ReadContext
  readonly encoder: RecordEncoder
  readonly segment: Segment
}

async function* scanWindows(
  { plan, context, encoder, segment }: Scan,
  startPage: number,
): AsyncGenerator<RowsRead | ScanCheckpoint> {
  const { pages, filenode, leaf } = segment
  const batchRows = context.config.batchSize
  let { rowsPerPage } = segment
  let start = startPage
  for (let isDone = false; !isDone;) {
    const windows = planWindows({ start, pages, rowsPerPage, batchRows })
    const rowsBefore = encoder.rows
    const selects = windows.map((window) => selectColumns(plan, windowClause(segment, window)))
    for await (const event of copyRows(selects, { plan, context, encoder })) {
      const page = event.type === 'STATEMENT' ? windows[event.index]!.end : null
      if (event.type === 'ROWS') yield event
      else if (page !== null) yield { type: 'CHECKPOINT', position: { page, filenode, leaf } }
    }
    const end = windows.at(-1)!.end
    isDone = end === null
    rowsPerPage = estimateRowsPerPage(encoder.rows - rowsBefore, (end ?? pages) - start)
    start = end ?? pages
  }
}

/** One scan with the ctid as a first column that no record shows; each new page is a possible checkpoint. */
async function* scanOnce(
  { plan, context, encoder, segment }: Scan,
  startPage: number,
): AsyncGenerator<RowsRead | ScanCheckpoint> {
  const { filenode, leaf } = segment
  const tracker = new CtidTracker(encoder)
  const columns = ['ctid', ...plan.columns.map((column) => column.select)].join(', ')
  const select = `SELECT ${columns} FROM ${segment.from} WHERE ctid >= '${ctidOfPage(startPage)}'::pg_catalog.tid`
  let checkpointRows = encoder.rows
  for await (const event of copyRows([select], { plan, context, encoder, sink: tracker })) {
    if (event.type !== 'ROWS') continue
    yield event
    if (encoder.rows - checkpointRows < context.config.batchSize) continue
    checkpointRows = encoder.rows
    yield { type: 'CHECKPOINT', position: { page: tracker.page, filenode, leaf } }
  }
}

async function readSegments(plan: StreamPlan, context: ReadContext): Promise<Segment[]> {
  const { relation } = plan
  const isPartitioned = relation.kind === 'p'
  const parts = isPartitioned ? await readLeaves(context.transaction, relation.oid) : [relation]
  const segments: Segment[] = []
  for (const { oid, schema, name } of parts) {
    const leaf = isPartitioned ? ident(schema, name) : null
    segments.push({ from: `ONLY ${ident(schema, name)}`, leaf, ...(await readFile(context, oid)) })
  }
  return segments
}

/** The file of a relation. Its size is taken after the snapshot: no row of the snapshot is behind it. */
async function readFile(
  context: ReadContext,
  oid: number,
): Promise<Pick<Segment, 'pages' | 'filenode' | 'rowsPerPage'>> {
  const [file] = await context.transaction.query<{
    bytes: string
    filenode: number
    tuples: number
  }>(
    `SELECT pg_catalog.pg_relation_size(c.oid) AS bytes,
            pg_catalog.pg_relation_filenode(c.oid) AS filenode,
            c.reltuples::pg_catalog.float8 / greatest(c.relpages, 1) AS tuples
     FROM pg_catalog.pg_class AS c
     WHERE c.oid = $1`,
    [oid],
  )
  const pages = Number(file?.bytes ?? 0) / context.database.server.blockBytes
  return {
    pages,
    filenode: file?.filenode ?? 0,
    rowsPerPage: estimateRowsPerPage(file?.tuples ?? 0, 1),
  }
}

function windowClause({ from }: Segment, { start, end }: PageWindow): string {
  const lower = `ctid >= '${ctidOfPage(start)}'::pg_catalog.tid`
  const upper = end === null ? '' : ` AND ctid < '${ctidOfPage(end)}'::pg_catalog.tid`
  return `FROM ${from} WHERE ${lower}${upper}`
}
