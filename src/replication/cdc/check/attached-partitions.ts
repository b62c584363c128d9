import {
  type AttachedPartition,
  readAttachedPartitions,
  readFirstRow,
} from '../../../introspection/replication/attached-partitions.ts'
import { nameOf } from '../../../introspection/replication/coverage.ts'
import type { Database } from '../../../postgres/session/database.ts'
import { readCatalogs } from '../../../postgres/session/read-catalogs.ts'
import { streamLabel } from '../../../protocol/stream-names.ts'
import { isServerError } from '../../../server-error.ts'
import type { Log } from '../../feed.ts'
import type { StreamPlan } from '../../stream-plan.ts'
import type { CdcProgress } from '../cdc-progress.ts'
import { shownText, SnapshotFilter } from '../snapshot-filter.ts'

/** A partitioned stream, and the partitions that it had before. */
interface Baseline {
  readonly plan: StreamPlan
  readonly seen: SnapshotFilter
}

/**
 * Warns of partitions that were attached since the last sync and already had rows: neither the log
 * nor an earlier load contains them.
 * @returns the current partitions, for the next sync; null: no stream is partitioned.
 */
export async function warnOfAttached(
  plans: readonly StreamPlan[],
  progress: CdcProgress,
  {
    database,
    log,
    isStandby,
  }: { readonly database: Database; readonly log: Log; readonly isStandby: boolean },
): Promise<string | null> {
  const partitioned = plans.filter(({ relation }) => relation.kind === 'p')
  if (partitioned.length === 0) return null
  const { catalogSnapshot, publicationOid: publication } = progress.offset
  const baselines = partitioned.flatMap((plan) => {
    const seen = progress.of(plan.descriptor)?.view?.text ?? catalogSnapshot
    return seen === null ? [] : [{ plan, seen: new SnapshotFilter(seen) }]
  })
  const { now, attached } = await readCatalogs(database, async (session) => {
    const [row] = await session.query<{ text: string }>(
      'SELECT txid_current_snapshot()::text AS text',
    )
    const roots = baselines.map(({ plan }) => plan.relation.oid)
    const xmin = oldest(baselines)
    return {
      now: row!.text,
      attached:
        xmin === null ? [] : await readAttachedPartitions(session, roots, { publication, xmin }),
    }
  })
  for (const { plan, seen } of baselines) {
    for (const partition of attached) {
      if (partition.root !== plan.relation.oid || seen.shows(partition.xid)) continue
      if (await hasUnreadRows(partition, seen, database)) log('WARN', attachedText(plan, partition))
    }
  }
  return shownText({ text: now, xmin: new SnapshotFilter(now).xmin }, isStandby)
}

function oldest(baselines: readonly Baseline[]): bigint | null {
  const [first, ...others] = baselines.map(({ seen }) => seen.xmin)
  if (first === undefined) return null
  return others.reduce((least, xmin) => (xmin < least ? xmin : least), first)
}

/** A partition that cannot be read may have such rows. */
async function hasUnreadRows(
  partition: AttachedPartition,
  seen: SnapshotFilter,
  database: Database,
): Promise<boolean> {
  try {
    const row = await readCatalogs(
      database,
      async (session) => await readFirstRow(session, partition),
    )
    if (row === null) return false
    return partition.isPublished ? seen.shows(row.xid) : row.isEarlier
  } catch (error) {
    if (!isServerError(error)) throw error
    return true
  }
}

function attachedText({ descriptor }: StreamPlan, partition: AttachedPartition): string {
  return `Stream '${streamLabel(descriptor)}': partition ${nameOf(partition)} had rows when it was attached, which are not in the log. Refresh the stream to read them.`
}
