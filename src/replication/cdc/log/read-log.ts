import type { CdcConfig } from '../../../config/config.ts'
import { ConnectorError } from '../../../errors.ts'
import { formatLsn } from '../../../lsn.ts'
import type { LogReader } from '../../../postgres/walsender/log-reader.ts'
import { sendsBinary } from '../../../postgres/walsender/start-replication.ts'
import type { WalSender } from '../../../postgres/walsender/walsender.ts'
import { isReadInBinary } from '../../../types/pg-type.ts'
import type { FeedContext, FeedEvent, ResumeStates, RowsRead } from '../../feed.ts'
import type { CdcProgress } from '../cdc-progress.ts'
import { openLog } from '../slot/open-log.ts'
import { waitsForStandby } from '../slot/standby-wait.ts'
import { confirmStart, positionOf } from '../sync-start.ts'
import { storedLsn } from '../state/offset.ts'
import { LogFollower } from './log-follower.ts'
import { LogStream } from './log-stream.ts'
import { type LogEnd } from './log-end.ts'
import { writeHeldChanges } from './held-changes.ts'
import { StreamRouter } from './stream-router.ts'
import { awaitVisible } from './visible-commits.ts'

/** From 2000-01-01 to 1970-01-01 UTC. */
const EPOCH_MICROS = BigInt(Date.UTC(2000, 0, 1)) * 1000n

/** Context for reading the log. */
export interface LogRead {
  readonly context: FeedContext
  readonly cdc: CdcConfig
  readonly progress: CdcProgress
  readonly streams: readonly LogStream[]
  readonly sender: WalSender
  readonly end: LogEnd
  /** Whether values may be sent in binary form, if all columns can be read in it. */
  readonly mayBeBinary: boolean
  /** Position up to which the server may remove the log. */
  readonly acknowledged: bigint
}

/**
 * Reads the log from the position to the target: rows in the order of their commits, checkpoints
 * between transactions.
 */
export async function* readLog(read: LogRead): AsyncGenerator<FeedEvent> {
  const { context, cdc, progress, streams, end } = read
  const { config, database, log } = context
  const isBinary =
    read.mayBeBinary && sendsBinary(database.server.major) && streams.every(hasBinaryForm)
  const router = new StreamRouter(streams, { isBinary, log })
  const limits = {
    target: end.lsn,
    batchRows: config.batchSize,
    intervalMs: config.checkpointIntervalMs,
  }
  const follower = new LogFollower(progress.offset.lsn, limits, {
    filter: router,
    seen: end.seen,
    log,
  })
  await using reader = await openLog({ ...read, offset: progress.offset }, follower, isBinary)
  await confirmStart(context, progress.offset)
  const watch = new ProgressWatch(reader, follower, read)
  let isOpen = true
  let bytes = 0
  for (;;) {
    if (follower.hasUnseen) await awaitVisible(follower, database, log)
    if (follower.hasHeld) await writeHeldChanges(follower, { router, database })
    const { receivedBytes } = reader
    for (const event of rowsRead(streams, receivedBytes - bytes)) {
      yield event
      bytes = receivedBytes
    }
    if (!follower.isInTransaction && advance(progress, follower)) {
      yield progress.checkpoint()
      if (cdc.acknowledges === 'EMITTED') reader.acknowledge(emittedPosition(context.states))
    }
    if (follower.isDone) return
    if (!isOpen) throw endedEarly(follower.position, end.lsn)
    try {
      isOpen = await watch.read()
    } catch (error) {
      yield* lastCommit(read, follower)
      throw error
    }
  }
}

/**
 * Checkpoint at the last commit before an error within a transaction, so that the next attempt does
 * not repeat the transactions before. None if changes up to it have not been written.
 */
function* lastCommit({ streams, progress }: LogRead, follower: LogFollower): Generator<FeedEvent> {
  if (follower.hasHeld || follower.hasUnseen || !advance(progress, follower)) return
  yield* rowsRead(streams, 0)
  yield progress.checkpoint()
}

/** The given state is excluded, because it may be one that is not continued. */
function emittedPosition({ global, givenGlobal }: ResumeStates): bigint {
  return global === givenGlobal ? 0n : (positionOf(global) ?? 0n)
}

/**
 * Whether the binary form of all values can be read. It is requested for all columns or for none.
 */
function hasBinaryForm({ plan }: LogStream): boolean {
  return plan.columns.every(({ type }) => isReadInBinary(type))
}

/** Ends a read without progress in the position and in the number of received bytes. */
class ProgressWatch {
  readonly #reader: LogReader
  readonly #follower: LogFollower
  readonly #limitMs: number
  readonly #isHeldBack: () => Promise<boolean>
  #reads = 0
  #position = 0n
  #progressMs = performance.now()

  constructor(reader: LogReader, follower: LogFollower, { context, cdc, sender }: LogRead) {
    this.#reader = reader
    this.#follower = follower
    this.#limitMs = cdc.initialWaitingMs
    this.#isHeldBack = async () => await waitsForStandby(context.database, sender.processId)
  }

  async read(): Promise<boolean> {
    const { position, isInTransaction } = this.#follower
    if (position !== this.#position || isInTransaction) {
      this.#position = position
      this.#progressMs = performance.now()
    }
    const leftMs = this.#progressMs + this.#limitMs - performance.now()
    const timer = setTimeout(() => void this.#end(this.#reads), Math.max(leftMs, 0))
    try {
      return await this.#reader.read()
    } finally {
      clearTimeout(timer)
      this.#reads++
    }
  }

  /** Ends the read with this number, unless something has been received in the meantime. */
  async #end(read: number): Promise<void> {
    const isHeldBack = await this.#isHeldBack()
    if (read === this.#reads) this.#reader.abort(stuck(this.#limitMs, isHeldBack))
  }
}

/** Sets the position of the next state. Returns whether it has changed. */
function advance(progress: CdcProgress, { position, committed }: LogFollower): boolean {
  const lsn = storedLsn(position)
  if (lsn <= progress.offset.lsn) return false
  const transaction =
    committed === null
      ? {}
      : { xid: committed.xid, commitUs: committed.commitMicros + EPOCH_MICROS }
  progress.advance({ lsn, ...transaction })
  return true
}

function* rowsRead(streams: readonly LogStream[], bytes: number): Generator<RowsRead> {
  let left = bytes
  for (const stream of streams) {
    const rows = stream.takeRows()
    if (rows === 0) continue
    yield { type: 'ROWS', plan: stream.plan, rows, bytes: left }
    left = 0
  }
}

function stuck(limitMs: number, isHeldBack: boolean): ConnectorError {
  const what = `The server made no progress in the log for ${limitMs / 1000} s (initial_waiting_seconds)`
  const message = isHeldBack
    ? `${what}: it waits for a standby of synchronized_standby_slots. Start the standby or correct synchronized_standby_slots, and run the sync again.`
    : `${what}. Run the sync again, or raise initial_waiting_seconds.`
  return new ConnectorError('transient_error', message)
}

function endedEarly(position: bigint, target: bigint): ConnectorError {
  const message = `The server ended the stream of the log at ${formatLsn(position)}, before ${formatLsn(target)}. Run the sync again.`
  return new ConnectorError('transient_error', message)
}
