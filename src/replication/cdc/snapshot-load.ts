import { ConnectorError } from '../../errors.ts'
import { streamLabel } from '../../protocol/stream-names.ts'
import { changeTime } from '../change-columns.ts'
import type { FeedContext, FeedEvent } from '../feed.ts'
import { loadWhole, warnOfFreshStart } from '../snapshot/initial-load.ts'
import { findResumePoint, type ResumePoint, scanPages } from '../snapshot/page-scan.ts'
import type { ReadContext } from '../stream-feed.ts'
import type { StreamPlan } from '../stream-plan.ts'
import type { CdcProgress } from './cdc-progress.ts'
import type { SlotWatch } from './slot/slot-watch.ts'
import type { SnapshotView, StreamProgress } from './state/stream-progress.ts'

/** 2000-01-01 UTC, the epoch of the server. */
const EPOCH_MS = Date.UTC(2000, 0, 1)
const MS_PER_HOUR = 3_600_000

type SnapshotProgress = Extract<StreamProgress, { type: 'SNAPSHOT' }>

/** Context that the snapshots of a sync share. */
export interface Load {
  readonly context: FeedContext
  readonly progress: CdcProgress
  /** The snapshot view of a stream that is read from the start. */
  readonly viewOf: (plan: StreamPlan) => SnapshotView
  /** `initial_load_timeout_hours` */
  readonly timeoutMs: number
  readonly slotWatch: SlotWatch
}

/**
 * Reads the snapshot of a stream that has none yet, by pages, each of which is a checkpoint. An
 * interrupted snapshot continues at its page; the view of its first pages still decides which
 * changes are left out.
 */
export async function* loadSnapshot(plan: StreamPlan, load: Load): AsyncGenerator<FeedEvent> {
  const { progress, viewOf } = load
  const { descriptor } = plan
  const saved = progress.of(descriptor)
  if (saved?.type === 'LOG') return
  await using reader = await load.context.snapshot.open()
  const { transaction } = reader
  const locked = await load.context.guard.lock(plan, transaction)
  const sink = load.context.sinkOf(plan)
  const context = { ...load.context, reader, transaction, locked, sink, savedState: null }
  const resume = saved === null ? null : await findResume(plan, context, saved)
  if (saved !== null && resume === null) {
    warnOfFreshStart(plan, context, 'its table was rewritten, truncated or created again since')
    progress.set(descriptor, null)
  }
  const { states } = load.context
  if (saved === null && !states.isGlobal(descriptor) && states.stream(descriptor) !== null) {
    warnOfFreshStart(plan, context, 'it is not a state of the CDC method')
  }
  const view = saved !== null && resume !== null ? saved.view : startView(viewOf(plan), saved)
  stampRows(context, view ?? viewOf(plan))
  if (!plan.relation.hasSystemColumns) yield* loadWhole(plan, context)
  else {
    for await (const event of scanPages(plan, context, resume)) {
      if (event.type === 'ROWS') yield event
      else {
        progress.set(descriptor, { type: 'SNAPSHOT', scan: event.position, view })
        yield progress.checkpoint()
        checkTime(load)
        await load.slotWatch.look()
      }
    }
  }
  progress.set(descriptor, { type: 'LOG', view })
  yield progress.checkpoint()
}

/**
 * Pages read before the interruption are not in the log if a partition was attached since. Rows
 * written after the first snapshot are therefore searched, although the log contains most of them,
 * too.
 */
async function findResume(
  plan: StreamPlan,
  context: ReadContext,
  { scan: position, view }: SnapshotProgress,
): Promise<ResumePoint | null> {
  if (!plan.relation.hasSystemColumns) return null
  const xmin = view === null ? null : BigInt(view.text.split(':')[0]!)
  const horizon = xmin === null ? null : { xmin, xids: [], atMs: 0 }
  return await findResumePoint(plan, context, { position, horizon })
}

/**
 * The view of a load that starts. If it starts again, the destination has rows of the earlier
 * snapshot, so the earlier view still decides which changes are left out: rows that were deleted in
 * between are not in the new snapshot. The new rows do not have a lower `_ab_cdc_lsn` than the
 * earlier ones.
 */
function startView(now: SnapshotView, saved: SnapshotProgress | null): SnapshotView | null {
  if (saved === null) return now
  const { view } = saved
  return view && { ...view, rowLsn: view.rowLsn > now.rowLsn ? view.rowLsn : now.rowLsn }
}

function stampRows({ sink, transaction }: ReadContext, view: SnapshotView): void {
  const { changeColumns } = sink
  if (changeColumns === null) throw new Error('the writer cannot take rows of a CDC stream')
  changeColumns.setLsn(view.rowLsn)
  changeColumns.updatedAt = changeTime(BigInt(transaction.snapshot.atMs - EPOCH_MS) * 1000n)
  changeColumns.isDeleted = false
}

/** @throws ConnectorError transient_error, which ends the run; the next one continues. */
function checkTime({ context: { startedMs }, timeoutMs, progress }: Load): void {
  if (performance.now() - startedMs < timeoutMs) return
  const hours = timeoutMs / MS_PER_HOUR
  const unread = progress.unfinished().map((each) => `'${streamLabel(each)}'`)
  const message = `The first load took longer than initial_load_timeout_hours (${hours}); unfinished: ${unread.join(', ')}. The next sync continues from here.`
  throw new ConnectorError('transient_error', message, { isFinal: true })
}
