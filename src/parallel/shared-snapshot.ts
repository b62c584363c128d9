import { ConnectorError, errorCode } from '../errors.ts'
import { connectionLimit, hasTidRangeScan } from '../postgres/connection/server-facts.ts'
import type { Database } from '../postgres/session/database.ts'
import { ReadTransaction, type SharedFrom } from '../postgres/session/read-transaction.ts'
import { type Readers, RelationReader } from './relation-reader.ts'

/** Besides the readers there is a connection that holds the snapshot, and one for the questions of health. */
const OTHER_CONNECTIONS = 2
/** For a moment there is one more, to look at a silent backend. */
const MOMENTARY_CONNECTIONS = 1
/** With two, the connector is no longer the one that waits. */
const MAX_READERS = 2
/**
 * How long an optional reader waits for a lock. It must not wait for ever: who keeps it waiting may be waiting for a
 * reader that has the relation locked already.
 */
const LOCK_TIMEOUT_MS = 1000
const LOCK_NOT_AVAILABLE = '55P03'
/** What SET TRANSACTION SNAPSHOT fails with, by version: invalid parameter value, undefined object. */
const UNKNOWN_SNAPSHOT: ReadonlySet<string> = new Set(['22023', '42704'])
/** How long a relation that has been read may stay locked until the next one is. */
const IDLE_MS = 50

/** What readers are wanted; either is off for the rest of a run once such a reader was refused or has failed. */
export interface ReaderPolicy {
  /** Whether a relation is read on another connection than the one that holds the snapshot. */
  separatesReaders: boolean
  /** Whether a relation may be read by several connections. */
  addsReaders: boolean
}

/** Where the snapshot is taken, and for whom. */
export interface SnapshotSetting {
  readonly database: Database
  readonly policy: ReaderPolicy
  /** Another process's snapshot to read in; null: it takes one. */
  readonly imported: SharedFrom | null
  /** Reports why nothing is read in parallel. */
  readonly log: (message: string) => void
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
  /** Optional readers that wait for a lock: nothing waits for them. */
  readonly #opening = new Set<ReadTransaction>()
  /** A reader whose relation has been read; the next one takes its connection. */
  #idle: { readonly reader: ReadTransaction; readonly timer: NodeJS.Timeout } | null = null
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

  /** Opens a reader for one relation; dispose of it when that has been read. */
  async open(): Promise<RelationReader> {
    if (this.#shared === null || !this.#setting.policy.separatesReaders) {
      return new RelationReader(this, this.holder)
    }
    try {
      return new RelationReader(this, await this.#begin(this.#shared))
    } catch (error) {
      if (this.#ended !== null || !this.holder.isUsable) throw error
      this.#setting.policy.separatesReaders = false
      logRefusal(this.#setting, error)
      return new RelationReader(this, this.holder)
    }
  }

  async openAnother(from: string): Promise<ReadTransaction | null> {
    const { database, policy } = this.#setting
    const { size } = this.#readers
    const hasRoom = size > 0 && size < readerLimit(database)
    if (!hasRoom || !policy.addsReaders || !hasTidRangeScan(database.server)) return null
    try {
      return await this.#begin(this.#shared!, from)
    } catch (error) {
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
    if (!this.#readers.delete(reader)) return
    if (this.#idle !== null || !reader.isUsable || this.#ended !== null) {
      await reader[Symbol.asyncDispose]()
      return
    }
    const timer = setTimeout(() => void this.#takeIdle()?.[Symbol.asyncDispose](), IDLE_MS)
    this.#idle = { reader, timer }
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
    await this.#takeIdle()?.[Symbol.asyncDispose]()
    for (const reader of this.#readers) await reader[Symbol.asyncDispose]()
    await this.holder[Symbol.asyncDispose]()
  }

  #takeIdle(): ReadTransaction | null {
    if (this.#idle === null) return null
    const { reader, timer } = this.#idle
    clearTimeout(timer)
    this.#idle = null
    return reader
  }

  /** A transaction with the snapshot on another connection, which has `from` locked. */
  async #begin(sharedFrom: SharedFrom, from: string | null = null): Promise<ReadTransaction> {
    const previous = this.#takeIdle()
    const reader = await ReadTransaction.begin(this.#setting.database, { sharedFrom, previous })
    this.#opening.add(reader)
    try {
      if (this.#ended !== null) throw this.#ended
      if (from !== null) await lockInTime(reader, from)
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

/** Locks a relation and its indexes. @throws the server's error if that takes too long. */
async function lockInTime(reader: ReadTransaction, from: string): Promise<void> {
  const timeout = `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`
  await reader.queryAll([timeout, `SELECT FROM ${from} LIMIT 0`])
}

/** @throws ConnectorError config_error if the snapshot is not there any more. */
async function joinSnapshot(database: Database, sharedFrom: SharedFrom): Promise<ReadTransaction> {
  try {
    return await ReadTransaction.begin(database, { sharedFrom })
  } catch (error) {
    if (!UNKNOWN_SNAPSHOT.has(errorCode(error) ?? '')) throw error
    const message =
      "The snapshot of the shard has been released. Run 'source-postgres shards' again, and keep it running until all shards are read."
    throw new ConnectorError('config_error', message, { cause: error })
  }
}

/** How many readers there may be. A pooler may have no further backend for us, and would keep us waiting for one. */
function readerLimit(database: Database): number {
  const { server } = database
  if (server.isPooled) return 0
  const poolRoom = database.figures().max - OTHER_CONNECTIONS
  const serverRoom = connectionLimit(server) - OTHER_CONNECTIONS - MOMENTARY_CONNECTIONS
  return Math.min(poolRoom, serverRoom, MAX_READERS)
}

function logRefusal({ log }: SnapshotSetting, error: unknown): void {
  const { message } = ConnectorError.from(error)
  log(`Parallel reads are disabled for the rest of the sync. ${message}`)
}
