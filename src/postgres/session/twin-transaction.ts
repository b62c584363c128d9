import { ConnectorError, errorCode } from '../../errors.ts'
import type { Database } from './database.ts'
import type { ReadTransactionOptions } from './begin-statements.ts'
import { ReadTransaction } from './read-transaction.ts'
import { connectionLimit, hasTidRangeScan } from '../connection/server-facts.ts'
import { type Twin, TwinCopier } from './twin-copier.ts'

/** One for each of the two, and one for the questions of health. */
const MIN_POOL = 3
/** One more, for the look at a silent server. */
const MIN_CONNECTIONS = MIN_POOL + 1
const LOCK_NOT_AVAILABLE = '55P03'
/**
 * How long the second one waits for a lock. It must not wait for ever: whoever keeps it waiting may be waiting for the
 * first, which waits for us.
 */
const LOCK_TIMEOUT_MS = 1000

/** Whether a second connection is wanted; once one was refused or has failed, the rest of a run does without. */
export interface Sharing {
  isWanted: boolean
}

/** Where the two begin, and what they have in common. */
export interface TwinSetting {
  readonly database: Database
  readonly options: ReadTransactionOptions
  readonly sharing: Sharing
  /** Is told why there can be no second one. */
  readonly say: (message: string) => void
}

/** The first one, and the name of its snapshot; null: it is not shared. */
interface Shared {
  readonly first: ReadTransaction
  readonly snapshot: string | null
}

/**
 * A read-only transaction and, where the server keeps us waiting, a second one on another connection that sees the same
 * snapshot, so that two backends work on one relation. What the second one cannot do, the first does alone.
 */
export class TwinTransaction implements Twin, AsyncDisposable {
  readonly first: ReadTransaction
  readonly #setting: TwinSetting
  readonly #snapshot: string | null
  #second: ReadTransaction | null = null
  #ended: Error | null = null

  private constructor({ first, snapshot }: Shared, setting: TwinSetting) {
    this.first = first
    this.#snapshot = snapshot
    this.#setting = setting
  }

  /** Begins the first one. */
  static async begin(setting: TwinSetting): Promise<TwinTransaction> {
    return new TwinTransaction(await beginShared(setting), setting)
  }

  /** Reads one relation in parts; one at a time. */
  copier(from: string): TwinCopier {
    return new TwinCopier(this, from)
  }

  /**
   * The second one, with a lock on `from`, which the first must have locked; null if it cannot be had just now. Never
   * fails. Its end is the caller's.
   */
  async openSecond(from: string): Promise<ReadTransaction | null> {
    if (this.#snapshot === null || !this.#setting.sharing.isWanted) return null
    try {
      return await this.#begin(this.#snapshot, from)
    } catch (error) {
      if (errorCode(error) !== LOCK_NOT_AVAILABLE && this.#ended === null) {
        forgo(this.#setting, error)
      }
      return null
    }
  }

  /** The second one has failed: later attempts do without. */
  distrust(): void {
    this.#setting.sharing.isWanted = false
  }

  /** Like `ReadTransaction.abort`. */
  abort(reason: Error): void {
    this.#ended ??= reason
    this.first.abort(reason)
    this.#second?.abort(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= new Error('the transaction is over')
    await this.first[Symbol.asyncDispose]()
  }

  async #begin(sharedSnapshot: string, from: string): Promise<ReadTransaction> {
    const { database, options } = this.#setting
    const shared = { ...options, sharedSnapshot, lockTimeoutMs: LOCK_TIMEOUT_MS }
    const second = await ReadTransaction.begin(database, shared)
    this.#second = second
    try {
      if (this.#ended !== null) throw this.#ended
      // Another server may have a snapshot of the same name
      if (second.snapshot.text !== this.first.snapshot.text) {
        throw new ConnectorError('config_error', 'Connections lead to different servers.')
      }
      await second.lock(from)
      return second
    } catch (error) {
      await second[Symbol.asyncDispose]()
      throw error
    }
  }
}

/** A server that refuses to share a snapshot ends the transaction with that: another one begins. */
async function beginShared(setting: TwinSetting): Promise<Shared> {
  const { database, options } = setting
  const first = await ReadTransaction.begin(database, options)
  if (!mayShare(setting)) return { first, snapshot: null }
  try {
    return { first, snapshot: await first.exportSnapshot() }
  } catch (error) {
    await first[Symbol.asyncDispose]()
    forgo(setting, error)
    return { first: await ReadTransaction.begin(database, options), snapshot: null }
  }
}

/** A pooler may have no second backend for us; it would keep us waiting for it. */
function mayShare({ database, sharing }: TwinSetting): boolean {
  const { server } = database
  const hasRoom = database.figures().max >= MIN_POOL && connectionLimit(server) >= MIN_CONNECTIONS
  return sharing.isWanted && hasRoom && hasTidRangeScan(server) && !server.isPooled
}

function forgo({ sharing, say }: TwinSetting, error: unknown): void {
  sharing.isWanted = false
  const { message } = ConnectorError.from(error)
  say(`There is no second connection to read with; the sync goes on with one. ${message}`)
}
