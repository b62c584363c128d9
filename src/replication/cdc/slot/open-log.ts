import type { CdcConfig } from '../../../config/config.ts'
import { ConnectorError } from '../../../errors.ts'
import { readLogFacts } from '../../../introspection/replication/slot.ts'
import { pause } from '../../../postgres/connection/deadline.ts'
import { readCatalogs } from '../../../postgres/session/read-catalogs.ts'
import type { LogReader } from '../../../postgres/walsender/log-reader.ts'
import type { WalSender } from '../../../postgres/walsender/walsender.ts'
import { isSlotInUse } from '../../../postgres/walsender/walsender-error.ts'
import type { PrepareContext } from '../../feed.ts'
import { describeHolder } from './slot-holder.ts'
import type { Offset } from '../state/offset.ts'
import { confirmStart } from '../sync-start.ts'
import type { LogFollower } from '../log/log-follower.ts'

/**
 * The server ends the session of a process that was killed after wal_sender_timeout, or never if
 * that is 0.
 */
const MIN_TIMEOUT_MS = 60_000
/** From then on until the slot is free. */
const MARGIN_MS = 10_000
const FIRST_WAIT_MS = 50
const MAX_WAIT_MS = 2000

/** From where the log is read. */
export interface LogSource {
  readonly context: PrepareContext
  readonly cdc: CdcConfig
  readonly offset: Offset
  readonly sender: WalSender
  /** Position up to which the server may remove the log. */
  readonly acknowledged: bigint
}

/**
 * Starts to read the log. Waits for another session to release the slot, which may be that of a
 * predecessor that was killed, or whose host is gone.
 * @throws ConnectorError that names the session, or the state of the slot.
 */
export async function openLog(
  source: LogSource,
  follower: LogFollower,
  isBinary: boolean,
): Promise<LogReader> {
  const { context, cdc, offset, sender, acknowledged } = source
  const publications = [cdc.publication]
  const options = { slot: cdc.slot, publications, start: offset.lsn, isBinary }
  const maxWaitMs = Math.max(sender.timeoutMs, MIN_TIMEOUT_MS) + MARGIN_MS
  const startedMs = performance.now()
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
    const reader = sender.read(options, follower, acknowledged)
    try {
      await reader.start()
      return reader
    } catch (error) {
      await reader[Symbol.asyncDispose]()
      context.database.signal.throwIfAborted()
      // The state of the slot explains more than the error
      if (!isSlotInUse(error)) await confirmStart(context, offset)
      if (!isSlotInUse(error)) throw error
      if (performance.now() - startedMs > maxWaitMs) throw await stillHeld(source, maxWaitMs, error)
      if (waitMs === FIRST_WAIT_MS) await announceWait(source, maxWaitMs)
      await pause(waitMs, context.database.signal)
    }
  }
}

async function announceWait(source: LogSource, maxWaitMs: number): Promise<void> {
  const holder = await readHolder(source)
  if (holder === null) return
  const message = `Replication slot "${source.cdc.slot}" is in use by ${holder.text}. The sync waits for it, for up to ${maxWaitMs / 1000} s.`
  source.context.log('INFO', message)
}

/** The run ends with it: another attempt would wait for as long. */
async function stillHeld(source: LogSource, maxWaitMs: number, error: unknown): Promise<unknown> {
  const holder = await readHolder(source)
  if (holder === null) return error
  const message =
    `Replication slot "${source.cdc.slot}" is still in use by ${holder.text} after ${maxWaitMs / 1000} s. A slot has one reader. ` +
    `If that is another connection, give each a replication_slot of its own; if it is a session that was left over, run: SELECT pg_terminate_backend(${holder.processId}); and run the sync again.`
  return new ConnectorError('transient_error', message, { cause: error, isFinal: true })
}

/** Null: it is free by now. */
async function readHolder({
  context: { database },
  cdc,
}: LogSource): Promise<{ processId: number; text: string } | null> {
  const { slot } = await readCatalogs(
    database,
    async (session) => await readLogFacts(session, cdc.slot),
  )
  const holder = slot?.holder ?? null
  return holder && { processId: holder.processId, text: describeHolder(holder) }
}
