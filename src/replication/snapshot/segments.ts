import { readLeaves } from '../../introspection/leaves.ts'
import { readFiles } from '../../introspection/relation-files.ts'
import { ident } from '../../sql.ts'
import type { ReadContext } from '../stream-feed.ts'
import { estimateRowsPerPage } from './page-windows.ts'
import type { StreamPlan } from '../stream-plan.ts'

/** A part of a relation that has a file of its own: the relation itself, or a leaf of a partitioned one. */
export interface Segment {
  /** The item of a FROM list. */
  readonly from: string
  /** `"schema"."name"` of a leaf; null for a relation without partitions. */
  readonly leaf: string | null
  /** Taken after the snapshot: no row of the snapshot is behind it. */
  readonly pages: number
  /** `pg_relation_filenode` */
  readonly filenode: number
  readonly rowsPerPage: number
}

/** The segments of a relation with system columns, in the order in which they are read. */
export async function readSegments(plan: StreamPlan, context: ReadContext): Promise<Segment[]> {
  const { relation } = plan
  const isPartitioned = relation.kind === 'p'
  const parts = isPartitioned ? await readLeaves(context.transaction, relation.oid) : [relation]
  const files = await readFiles(
    context.transaction,
    parts.map(({ oid }) => oid),
  )
  return parts.flatMap(({ oid, schema, name }) => {
    const file = files.get(oid)
    if (file === undefined) return [] // dropped just now
    return {
      from: `ONLY ${ident(schema, name)}`,
      leaf: isPartitioned ? ident(schema, name) : null,
      pages: file.bytes / context.database.server.blockBytes,
      filenode: file.filenode,
      rowsPerPage: estimateRowsPerPage(file.rowsPerPage, 1),
    }
  })
}
