import { ConnectorError } from '../../errors.ts'
import { UnknownFormError } from '../../types/printers/printer.ts'
import { BinaryFormError } from '../../postgres/walsender/walsender-error.ts'
import type { Feed, FeedContext, FeedEvent, PrepareContext } from '../feed.ts'
import type { StreamPlan } from '../stream-plan.ts'
import { cdcConfigOf } from './cdc-config.ts'
import { CdcProgress } from './cdc-progress.ts'
import { Heartbeat, writeHeartbeat } from './heartbeat.ts'
import { acknowledge } from './log/acknowledge.ts'
import { warnOfAttached } from './check/attached-partitions.ts'
import { INSERT_LSN, readLogEnd, WRITE_LSN } from './log/log-end.ts'
import { LogStream } from './log/log-stream.ts'
import { type LogRead, readLog } from './log/read-log.ts'
import { shownText } from './snapshot-filter.ts'
import { SlotWatch } from './slot/slot-watch.ts'
import { loadSnapshot } from './snapshot-load.ts'
import { passView } from './state/global-state.ts'
import {
  coldOffset,
  findStart,
  needsShownChanges,
  positionOf,
  snapshotRowLsn,
  type SyncStart,
} from './sync-start.ts'

/**
 * Reads snapshots first, then the log up to a target that is determined after them, so that the
 * streams end consistent.
 */
export class CdcFeed implements Feed {
  readonly scope = 'GLOBAL'
  readonly plans: readonly StreamPlan[]
  #start: SyncStart | null = null

  constructor(plans: readonly StreamPlan[]) {
    this.plans = plans
  }

  async prepare(context: PrepareContext): Promise<void> {
    this.#start = await findStart(this.plans, context)
  }

  async *read(context: FeedContext): AsyncGenerator<FeedEvent> {
    const start = this.#start
    if (start === null) throw new Error('the feed is read before it is prepared')
    const { snapshot } = context.transaction
    const progress = new CdcProgress(start.offset ?? coldOffset(start, snapshot), start.streams)
    const { heartbeatActionQuery } = cdcConfigOf(context.config)
    const { database, log } = context
    const heartbeat = await Heartbeat.start(database, heartbeatActionQuery, log)
    try {
      yield* this.#readAll(context, { start, progress })
    } finally {
      await heartbeat?.[Symbol.asyncDispose]()
    }
  }

  /** A failure has no effect on the sync: the next one acknowledges its given state. */
  async acknowledge(context: PrepareContext): Promise<void> {
    const { global, givenGlobal } = context.states
    const lsn = global === givenGlobal ? null : positionOf(global)
    if (lsn === null || lsn <= this.#start!.acknowledged) return
    try {
      await acknowledge(context, lsn)
    } catch (error) {
      const { message } = ConnectorError.from(error)
      context.log('WARN', `The slot was not moved to the stored state. ${message}`)
    }
  }

  async *#readAll(
    context: FeedContext,
    { start, progress }: { start: SyncStart; progress: CdcProgress },
  ): AsyncGenerator<FeedEvent> {
    const { database, log } = context
    yield* this.#load(context, { start, progress })
    await context.endSnapshot()
    await writeHeartbeat(database, start.facts, { username: context.config.username, log })
    yield* this.#follow(context, { start, progress })
  }

  async *#load(
    context: FeedContext,
    { start, progress }: { start: SyncStart; progress: CdcProgress },
  ): AsyncGenerator<FeedEvent> {
    if (progress.unfinished().length === 0) return
    const { snapshot } = context.transaction
    const { lsn: endLsn } = await readLogEnd(context.database, INSERT_LSN)
    const text = shownText(snapshot, start.facts.isStandby)
    const repeated = needsShownChanges(start, snapshot) ? { isRepeated: true as const } : {}
    const load = {
      context,
      progress,
      viewOf: ({ descriptor }: StreamPlan) => {
        return { text, rowLsn: snapshotRowLsn(start, snapshot, descriptor), endLsn, ...repeated }
      },
      timeoutMs: cdcConfigOf(context.config).initialLoadTimeoutMs,
      slotWatch: new SlotWatch(context, progress.offset),
    }
    for (const plan of this.plans) yield* loadSnapshot(plan, load)
  }

  /**
   * The binary form of a value within the log may be rejected or unknown. The rest is then read in
   * text form.
   */
  async *#follow(
    context: FeedContext,
    { start, progress }: { start: SyncStart; progress: CdcProgress },
  ): AsyncGenerator<FeedEvent> {
    const { acknowledged } = start
    const { database, log } = context
    const end = await readLogEnd(database, WRITE_LSN)
    try {
      yield* this.#readLog(context, progress, { end, acknowledged, mayBeBinary: true })
    } catch (error) {
      const reason = error instanceof UnknownFormError ? new BinaryFormError(error.message) : error
      if (!(reason instanceof BinaryFormError)) throw error
      log('INFO', reason.message)
      yield* this.#readLog(context, progress, { end, acknowledged, mayBeBinary: false })
    }
    const { isStandby } = start.facts
    const catalogSnapshot = await warnOfAttached(this.plans, progress, { database, log, isStandby })
    progress.advance({ lsn: progress.offset.lsn, catalogSnapshot })
    yield progress.checkpoint()
  }

  async *#readLog(
    context: FeedContext,
    progress: CdcProgress,
    form: Pick<LogRead, 'end' | 'acknowledged' | 'mayBeBinary'>,
  ): AsyncGenerator<FeedEvent> {
    const cdc = cdcConfigOf(context.config)
    await using sender = await context.database.openWalSender()
    const streams = this.plans.map((plan) => {
      const saved = progress.of(plan.descriptor)
      const view = saved === null ? null : passView(saved, progress.offset.lsn).view
      return new LogStream(
        plan,
        context.sinkOf(plan),
        view?.isRepeated ? null : (view?.text ?? null),
      )
    })
    yield* readLog({ context, cdc, progress, streams, sender, ...form })
  }
}
