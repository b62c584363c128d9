import { errorCode } from '../errors.ts'
import { lockSql } from '../sql.ts'
import { LOCK_NOT_AVAILABLE } from '../sql-state.ts'
import { hasTidRangeScan } from '../postgres/connection/server-facts.ts'
import { ReadTransaction, type SharedFrom } from '../postgres/session/read-transaction.ts'
import { type Readers, RelationReader } from './relation-reader.ts'
import { SessionGroup } from './session-group.ts'
import {
  groupLimit,
  joinSnapshot,
  logRefusal,
  readerLimit,
  snapshotLost,
  type SnapshotSetting,
} from './snapshot-setting.ts'

/**
 * How long an optional reader waits for a lock. It must not wait for ever: who keeps it waiting may be waiting for a
 * reader that has the relation locked already.
 */
const LOCK_TIMEOUT_MS = 1000
/**
 * How long a group waits for a lock. It holds others meanwhile, so that it must give up before the server looks for a
 * deadlock, which it may end by failing the other session: `deadlock_timeout` is 1 s.
 */
const GROUP_LOCK_TIMEOUT_MS = 200
/** How long a relation that has been read may stay locked until the next one is. */
const IDLE_MS = 50

interface BeginOptions {
  /** The item of a FROM list; null: nothing is locked. */
  readonly from?: string | null
  /** How long a statement may wait for a lock; 0: for ever. */
  readonly lockTimeoutMs?: number
}

/**
 * One snapshot, held by a transaction that reads no relation itself. Each relation is read on another connection, in a
 * transaction with the same snapshot that ends with it: so a relation stays locked no longer than its own reading takes,
 * and any number of relations needs only the locks of those that are being read. This is the one place that decides who
 * reads with which connection. Where the snapshot cannot be shared, the holder reads everything, and its locks stay.
 */
export class SharedSnapshot implements Readers, AsyncDisposable {
  readonly holder: ReadTransaction
  readonly begunMs = performance.now()
  readonly #setting: SnapshotSetting
  /** Null: it is not shared. */
  readonly #shared: SharedFrom | null
  readonly #readers = new Set<ReadTransaction>()
  /** Those that wait for a lock. */
  readonly #opening = new Set<ReadTransaction>()
  /** Readers whose relation has been read; the next ones take their connections. */
  readonly #idle = new Map<ReadTransaction, NodeJS.Timeout>()
  /** How many read streams side by side. */
  #workers = 0
  /** Readers that take part in the reading of a relation, or are being opened for that. */
  #optional = 0
  readonly #optionals = new Set<ReadTransaction>()
  /** The end of what is read by the holder, where that reads relations. */
  #holderTurn: Promise<void> = Promise.resolve()
  #endHolderTurn: () => void = () => undefined
  #ended: Error | null = null
  #ending: Promise<void> | null = null

  private constructor(
    holder: ReadTransaction,
    shared: SharedFrom | null,
    setting: SnapshotSetting,
  ) {
    this.holder = holder
    this.#shared = shared
    this.#setting = setting
  }

  /** Takes the snapshot. A server that refuses to share it ends the transaction with that: another one begins. */
  static async take(setting: SnapshotSetting): Promise<SharedSnapshot> {
    const { database, policy, imported } = setting
    const holder =
      imported === null
        ? await ReadTransaction.begin(database)
        : await joinSnapshot(database, imported)
    if (imported !== null || !policy.separatesReaders || readerLimit(database) < 1) {
      return new SharedSnapshot(holder, null, setting)
    }
    try {
      const name = await holder.exportSnapshot()
      return new SharedSnapshot(holder, { name, snapshot: holder.snapshot }, setting)
    } catch (error) {
      await holder[Symbol.asyncDispose]()
      policy.separatesReaders = false
      logRefusal(setting, error)
      return new SharedSnapshot(await ReadTransaction.begin(database), null, setting)
    }
  }

  /** Process ids of the backends that read. */
  get backends(): readonly number[] {
    const readers = this.#readers.size === 0 ? [this.holder] : [...this.#readers]
    return readers.map(({ processId }) => processId)
  }

  /**
   * Calls `work` for each reader that there may be, at most `wanted` times, side by side; once in any case. It returns
   * when there is no more to read.
   */
  async readSideBySide(wanted: number, work: () => Promise<void>): Promise<void> {
    const limit = this.#shared === null ? 1 : readerLimit(this.#setting.database)
    const others = Array.from({ length: Math.min(wanted, limit) - 1 }, async () => {
      if (await this.#openSpare()) await this.#countWorker(work)
    })
    await Promise.all([this.#countWorker(work), ...others])
  }

  /** Opens a reader for one relation; dispose of it when that has been read. */
  async open(): Promise<RelationReader> {
    if (this.#shared === null || !this.#setting.policy.separatesReaders) {
      return await this.#openHolder()
    }
    try {
      return new RelationReader(this, await this.#begin(this.#shared))
    } catch (error) {
      if (this.#ended !== null || !this.holder.isUsable) throw snapshotLost(error)
      this.#setting.policy.separatesReaders = false
      logRefusal(this.#setting, error)
      return await this.#openHolder()
    }
  }

  /** The snapshot, for other processes; null: it is not shared. */
  get exported(): SharedFrom | null {
    return this.#setting.policy.separatesReaders ? this.#shared : null
  }

  /** How many streams may be read in a group. */
  get maxGrouped(): number {
    return this.#shared === null ? 1 : groupLimit(this.#setting.database)
  }

  /** Opens a transaction for several relations; null: they are to be read one by one. */
  async openGroup(): Promise<SessionGroup | null> {
    if (this.#shared === null || !this.#setting.policy.separatesReaders) return null
    try {
      const options = { lockTimeoutMs: GROUP_LOCK_TIMEOUT_MS }
      return new SessionGroup(this, await this.#begin(this.#shared, options))
    } catch (error) {
      if (this.#ended !== null || !this.holder.isUsable) throw snapshotLost(error)
      return null
    }
  }

  get hasRoom(): boolean {
    const { database, policy } = this.#setting
    const isShared = this.#shared !== null && policy.separatesReaders && policy.addsReaders
    return isShared && this.#workers + this.#optional < readerLimit(database)
  }

  async openAnother(from: string): Promise<ReadTransaction | null> {
    if (!this.hasRoom || !hasTidRangeScan(this.#setting.database.server)) return null
    this.#optional++
    try {
      const reader = await this.#begin(this.#shared!, { from, lockTimeoutMs: LOCK_TIMEOUT_MS })
      this.#optionals.add(reader)
      return reader
    } catch (error) {
      this.#optional--
      if (errorCode(error) !== LOCK_NOT_AVAILABLE) this.disableOthers(error)
      return null
    }
  }

  disableOthers(failure: unknown): void {
    const { policy } = this.#setting
    if (!policy.addsReaders || this.#ended !== null) return
    policy.addsReaders = false
    logRefusal(this.#setting, failure)
  }

  async release(reader: ReadTransaction): Promise<void> {
    if (reader === this.holder) this.#endHolderTurn()
    if (this.#optionals.delete(reader)) this.#optional--
    if (!this.#readers.delete(reader)) return
    if (this.#idle.size >= Math.max(this.#workers, 1) || !reader.isUsable || this.#ended !== null) {
      await reader[Symbol.asyncDispose]()
      return
    }
    const end = (): void => {
      if (this.#idle.delete(reader)) void reader[Symbol.asyncDispose]()
    }
    this.#idle.set(reader, setTimeout(end, IDLE_MS))
  }

  /** Like `ReadTransaction.abort`, for all of them. */
  abort(reason: Error): void {
    this.#ended ??= reason
    const all = [this.holder, ...this.#readers, ...this.#opening]
    for (const transaction of all) transaction.abort(reason)
  }

  /** Ends all its transactions, once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end()
    await this.#ending
  }

  async #end(): Promise<void> {
    this.#ended ??= new Error('the snapshot is given up')
    for (let idle = this.#takeIdle(); idle !== null; idle = this.#takeIdle()) {
      await idle[Symbol.asyncDispose]()
    }
    for (const reader of this.#readers) await reader[Symbol.asyncDispose]()
    await this.holder[Symbol.asyncDispose]()
  }

  #takeIdle(): ReadTransaction | null {
    const [entry] = this.#idle
    if (entry === undefined) return null
    const [reader, timer] = entry
    clearTimeout(timer)
    this.#idle.delete(reader)
    return reader
  }

  /** Opens a connection for one more reader. False: there is none. */
  async #openSpare(): Promise<boolean> {
    if (!this.#setting.policy.addsReaders) return false
    try {
      await this.release(await this.#begin(this.#shared!))
      return true
    } catch (error) {
      this.disableOthers(error)
      return false
    }
  }

  async #countWorker(work: () => Promise<void>): Promise<void> {
    this.#workers++
    try {
      await work()
    } finally {
      this.#workers--
    }
  }

  /** Waits until the holder reads nothing else. */
  async #openHolder(): Promise<RelationReader> {
    const previous = this.#holderTurn
    const { promise, resolve } = deferred()
    this.#holderTurn = promise
    await previous
    this.#endHolderTurn = resolve
    return new RelationReader(this, this.holder)
  }

  /** A transaction with the snapshot on another connection, which has `from` locked. */
  async #begin(
    sharedFrom: SharedFrom,
    { from = null, lockTimeoutMs = 0 }: BeginOptions = {},
  ): Promise<ReadTransaction> {
    const previous = this.#takeIdle()
    const options = { sharedFrom, previous, lockTimeoutMs }
    const reader = await ReadTransaction.begin(this.#setting.database, options)
    this.#opening.add(reader)
    try {
      if (this.#ended !== null) throw this.#ended
      if (from !== null) await reader.query(lockSql(from))
      this.#readers.add(reader)
      return reader
    } catch (error) {
      await reader[Symbol.asyncDispose]()
      throw error
    } finally {
      this.#opening.delete(reader)
    }
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let settle: (() => void) | null = null
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return { promise, resolve: () => settle?.() }
}
