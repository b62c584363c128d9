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
 * Lock timeout of an optional reader. It must not wait indefinitely: the session that holds the
 * lock may itself wait for a reader that has already locked the relation.
 */
const LOCK_TIMEOUT_MS = 1000
/**
 * Lock timeout of a group. The group holds other locks meanwhile, so it must give up before the
 * server looks for a deadlock after `deadlock_timeout` (1 s by default) and possibly cancels the
 * other session.
 */
const GROUP_LOCK_TIMEOUT_MS = 200
/** Maximum time that a relation which has been read stays locked before the next one is opened. */
const IDLE_MS = 50

interface BeginOptions {
  /** Item of a FROM list to lock; null: nothing is locked. */
  readonly from?: string | null
  /** Maximum time that a statement waits for a lock; 0: no limit. */
  readonly lockTimeoutMs?: number
}

/**
 * One snapshot, held by a transaction that reads no relation itself. Each relation is read on
 * another connection, in a transaction with the same snapshot that ends with it. A relation
 * therefore stays locked only while it is read, and any number of relations needs only the locks of
 * those that are being read. This class alone assigns connections to readers. If the snapshot
 * cannot be shared, the holder reads everything and its locks are kept.
 */
export class SharedSnapshot implements Readers, AsyncDisposable {
  readonly holder: ReadTransaction
  readonly begunMs = performance.now()
  readonly #setting: SnapshotSetting
  /** Null: the snapshot is not shared. */
  readonly #shared: SharedFrom | null
  readonly #readers = new Set<ReadTransaction>()
  /** Readers that wait for a lock. */
  readonly #opening = new Set<ReadTransaction>()
  /** Readers whose relation has been read. Their connections are used for the next ones. */
  readonly #idle = new Map<ReadTransaction, NodeJS.Timeout>()
  /** Number of workers that read streams. */
  #workers = 0
  /** Number of optional readers, including those that are being opened. */
  #optional = 0
  readonly #optionals = new Set<ReadTransaction>()
  /** Settles when the holder has read its current relation, if it reads relations. */
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

  /**
   * Takes the snapshot. If the server does not share it, the transaction has failed and another
   * one is started.
   */
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
   * Calls `work` for each available reader, at most `wanted` times, side by side, and at least
   * once. `work` returns when nothing is left to read.
   */
  async readSideBySide(wanted: number, work: () => Promise<void>): Promise<void> {
    const limit = this.#shared === null ? 1 : readerLimit(this.#setting.database)
    const others = Array.from({ length: Math.min(wanted, limit) - 1 }, async () => {
      if (await this.#openSpare()) await this.#countWorker(work)
    })
    await Promise.all([this.#countWorker(work), ...others])
  }

  /** Opens a reader for one relation. Dispose of it when the relation has been read. */
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

  /** Identifier of the snapshot for other processes; null: it is not shared. */
  get exported(): SharedFrom | null {
    return this.#setting.policy.separatesReaders ? this.#shared : null
  }

  /** Maximum number of streams in a group. */
  get maxGrouped(): number {
    return this.#shared === null ? 1 : groupLimit(this.#setting.database)
  }

  /** Opens a transaction for several relations; null: they are read one by one. */
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

  /** Calls `ReadTransaction.abort` for all of them. */
  abort(reason: Error): void {
    this.#ended ??= reason
    const all = [this.holder, ...this.#readers, ...this.#opening]
    for (const transaction of all) transaction.abort(reason)
  }

  /** Ends all transactions, once. */
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

  /** Opens a connection for one more reader. Returns false if none is available. */
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

  /** Begins a transaction with the snapshot on another connection and locks `from`. */
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
