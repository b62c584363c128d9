import { type Leaf, readLeaves } from '../../introspection/leaves.ts'
import type { LockedRelation } from '../../introspection/relation-files.ts'
import { ConnectorError } from '../../errors.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { ident } from '../../sql.ts'
import { type Horizon, notCoveredBy } from '../../state/horizon.ts'
import type { ReadContext } from '../stream-feed.ts'
import { estimateRowsPerPage } from './page-windows.ts'
import type { PageRange } from './shards.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** A part of a relation with its own file: the relation itself, or a leaf of a partitioned one. */
export interface Segment {
  /** Item of a FROM list. */
  readonly from: string
  /** `"schema"."name"` of a leaf; null for a relation without partitions. */
  readonly leaf: string | null
  /** First page to read. */
  readonly start: number
  /** Page after the last one to read; null: to the end of the file. */
  readonly end: number | null
  /**
   * Number of pages of the file, read after the snapshot was taken: no row of the snapshot is
   * beyond it.
   */
  readonly pages: number
  /** `pg_relation_filenode` */
  readonly filenode: number
  readonly rowsPerPage: number
  /**
   * Whether the leaf was attached after the given horizon, so that a scan from then has not seen
   * it.
   */
  readonly isNew: boolean
}

/** Context for reading segments. */
type SegmentContext = Pick<ReadContext, 'transaction' | 'database' | 'guard' | 'locked'>

/**
 * Reads the segments of a relation with system columns, in reading order; for a shard, those of its
 * ranges.
 * @throws ConnectorError config_error if a file of a shard has been replaced.
 */
export async function readSegments(
  plan: StreamPlan,
  context: SegmentContext,
  since: Horizon | null = null,
): Promise<Segment[]> {
  const segments = await readAllSegments(plan, context, since)
  return plan.ranges === null ? segments : plan.ranges.map((range) => narrow(plan, segments, range))
}

function narrow(plan: StreamPlan, segments: readonly Segment[], range: PageRange): Segment {
  const segment = segments.find(
    ({ leaf, filenode }) => leaf === range.leaf && filenode === range.filenode,
  )
  if (segment !== undefined) return { ...segment, start: range.start, end: range.end }
  const message = `The table of stream '${streamLabel(plan.descriptor)}' was truncated, rewritten or dropped since its shards were made. Run 'source-postgres shards' again.`
  throw new ConnectorError('config_error', message)
}

async function readAllSegments(
  plan: StreamPlan,
  context: SegmentContext,
  since: Horizon | null,
): Promise<Segment[]> {
  const { transaction, guard, locked } = context
  const { kind, oid, schema, name } = plan.relation
  if (kind !== 'p') return [segmentOf({ schema, name, isNew: false }, locked, context)]
  const conditions = since === null ? {} : { isNew: notCoveredBy(since, 'i.xmin') }
  const leaves = await readLeaves(transaction, oid, conditions)
  const files = await guard.lockLeaves(plan, transaction, leaves)
  return leaves.map((leaf, index) => ({
    ...segmentOf(leaf, files[index]!, context),
    leaf: ident(leaf.schema, leaf.name),
  }))
}

function segmentOf(
  { schema, name, isNew }: Pick<Leaf, 'schema' | 'name' | 'isNew'>,
  file: LockedRelation | null,
  { database: { server } }: SegmentContext,
): Segment {
  if (file === null || file.filenode === null) throw new Error('A relation with pages has no file')
  return {
    from: `ONLY ${ident(schema, name)}`,
    leaf: null,
    start: 0,
    end: null,
    pages: file.bytes / server.blockBytes,
    filenode: file.filenode,
    rowsPerPage: estimateRowsPerPage(file.rowsPerPage, 1),
    isNew,
  }
}
