import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connector,
  type Ending,
  type RunningConnector,
  startConnector,
} from '../../../helpers/connector.ts'
import type { FaultProxy } from '../../../helpers/fault-proxy.ts'
import type { Message } from '../../../helpers/messages.ts'
import type { CdcDatabase } from '../cdc-database.ts'

const POLL_MS = 5
/** A sync that has not ended after this time is considered to hang. */
const TIMEOUT_MS = 90_000

/** Parts of a sync. */
interface Parts {
  readonly cdc: CdcDatabase
  /** Its connections go through it. */
  readonly proxy: FaultProxy
  readonly connector: Connector
  readonly args: readonly string[]
}

/**
 * A sync that is observed by its messages and by its backends. The `application_name` is that of
 * the database.
 */
export class SyncUnderWay implements AsyncDisposable {
  readonly cdc: CdcDatabase
  readonly proxy: FaultProxy
  /** All messages received. */
  readonly messages: Message[] = []
  readonly #parts: Parts
  #running: RunningConnector | null = null
  #rest: Promise<void> | null = null

  constructor(parts: Parts) {
    this.cdc = parts.cdc
    this.proxy = parts.proxy
    this.#parts = parts
  }

  start(): void {
    this.#running = startConnector(this.#parts.args, { timeoutMs: TIMEOUT_MS })
  }

  /** Reads up to a message; the following ones are not read yet. */
  async until(isLast: (message: Message) => boolean): Promise<void> {
    for await (const message of this.#running!.messages()) {
      this.messages.push(message)
      if (isLast(message)) return
    }
    throw new Error(`The sync has ended: ${JSON.stringify(this.messages.slice(-3))}`)
  }

  /** Reads all further messages. */
  readOn(): void {
    this.#rest ??= this.#readRest()
  }

  /** Waits until a backend of the sync fulfils a condition on pg_stat_activity. */
  async seen(condition: string): Promise<void> {
    while ((await this.backends(condition)) === 0) await sleep(POLL_MS)
  }

  /** Waits until a process reads from the slot; returns the server's time. */
  async untilSlotIsHeld(): Promise<string> {
    for (;;) {
      const [slot] = await this.cdc.sql(
        `SELECT clock_timestamp() AS at FROM pg_replication_slots WHERE slot_name = '${this.cdc.slot}' AND active`,
      )
      if (slot !== undefined) return slot['at'] ?? ''
      await sleep(POLL_MS)
    }
  }

  async backends(condition = 'true'): Promise<number> {
    const { cdc } = this
    const rows = await cdc.sql(
      `SELECT FROM pg_stat_activity WHERE application_name = '${cdc.db.name}' AND ${condition}`,
    )
    return rows.length
  }

  /** Sends a signal and reads the rest. */
  async stop(signal: NodeJS.Signals): Promise<Ending> {
    const running = this.#running!
    running.process.kill(signal)
    this.readOn()
    await this.#rest
    return await running.ended
  }

  async #readRest(): Promise<void> {
    for await (const message of this.#running!.messages()) this.messages.push(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]()
  }
}
