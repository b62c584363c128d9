import { ConnectorError, errorCode, isTransient } from '../errors.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import { AlternatingCopy } from './alternating-copy.ts'
import type { Copier, CopyReader } from './copier.ts'
import type { Database } from './database.ts'
import { ReadTransaction, type ReadTransactionOptions } from './read-transaction.ts'
import { connectionLimit } from './server-facts.ts'

/** One for each of the two, and one for the questions of health. */
const MIN_CONNECTIONS = 3
const LOCK_NOT_AVAILABLE = '55P03'
/** From this share of the time on that the reader waits for the server, a second backend is worth its cost. */
const MIN_WAITED_SHARE = 0.2

/** Where the two begin, and what they have in common. */
interface Setting {
  readonly database: Database
  readonly options: ReadTransactionOptions
  /** Is told why there can be no second one. */
  readonly say: (message: string) => void
}

/** The first one, and the name of its snapshot; null: it cannot be shared. */
interface Shared {
  readonly first: ReadTransaction
  readonly snapshot: string | null
}

/**
 * A read-only transaction and, when the server is slower than we are, a second one on another connection that sees the
 * same snapshot, so that two backends work on one relation. What the second one cannot do, the first does alone.
 */
export class TwinTransaction implements Copier, AsyncDisposable {
  readonly first: ReadTransaction
  readonly #setting: Setting
  #snapshot: string | null
  #second: ReadTransaction | null = null
  /** What the second one reads, too. */
  #joined: string | null = null
  #ended: Error | null = null
  #last: { readonly reader: CopyReader; readonly startedMs: number } | null = null

  private constructor({ first, snapshot }: Shared, setting: Setting) {
    this.first = first
    this.#snapshot = snapshot
    this.#setting = setting
  }

  /** Begins the first one. */
  static async begin(setting: Setting): Promise<TwinTransaction> {
    return new TwinTransaction(await beginShared(setting), setting)
  }

  /**
   * Lets the second one take part in reading `from`, which the first must have locked, if the last COPYs waited for the
   * server. It never waits long for a lock of its own: a session that waits for the first and keeps the second waiting
   * would do so for ever.
   */
  async join(from: string): Promise<void> {
    if (this.#snapshot === null || this.#joined === from) return
    if (this.#second === null && !this.#hasWaited()) return
    try {
      this.#second ??= await this.#begin(this.#snapshot)
      if (this.#ended !== null) throw this.#ended
      await this.#second.lock(from)
      this.#joined = from
    } catch (error) {
      await this.#endSecond()
      if (this.#ended !== null) throw this.#ended
      if (errorCode(error) !== LOCK_NOT_AVAILABLE) this.#snapshot = forgo(this.#setting, error)
    }
  }

  copy(selects: readonly string[], sink: TupleSink): CopyReader {
    const reader = this.#start(selects, sink)
    this.#last = { reader, startedMs: performance.now() }
    return reader
  }

  /** Like `ReadTransaction.abort`. */
  abort(reason: Error): void {
    this.#ended ??= reason
    this.first.abort(reason)
    this.#second?.abort(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#endSecond(), this.first[Symbol.asyncDispose]()])
  }

  #hasWaited(): boolean {
    if (this.#last === null) return false
    const { reader, startedMs } = this.#last
    return reader.waitedMs > MIN_WAITED_SHARE * (performance.now() - startedMs)
  }

  #start(selects: readonly string[], sink: TupleSink): CopyReader {
    if (this.#second === null || selects.length < 2) return this.first.copy(selects, sink)
    const even = selects.filter((_, index) => index % 2 === 0)
    const odd = selects.filter((_, index) => index % 2 === 1)
    return new AlternatingCopy([this.first.copy(even, sink), this.#second.copy(odd, sink)])
  }

  /** Another server may have a snapshot of the same name: then connections are balanced over several. */
  async #begin(sharedSnapshot: string): Promise<ReadTransaction> {
    const { database, options } = this.#setting
    const second = await ReadTransaction.begin(database, { ...options, sharedSnapshot })
    const { xmin, xmax } = second.snapshot
    if (xmin === this.first.snapshot.xmin && xmax === this.first.snapshot.xmax) return second
    await second[Symbol.asyncDispose]()
    throw new ConnectorError('transient_error', 'Connections lead to different servers.')
  }

  async #endSecond(): Promise<void> {
    const second = this.#second
    this.#second = null
    this.#joined = null
    await second?.[Symbol.asyncDispose]()
  }
}

/** A server that refuses to share a snapshot ends the transaction with that: another one begins. */
async function beginShared(setting: Setting): Promise<Shared> {
  const { database, options } = setting
  const first = await ReadTransaction.begin(database, options)
  if (!mayShare(database)) return { first, snapshot: null }
  try {
    return { first, snapshot: await first.exportSnapshot() }
  } catch (error) {
    await first[Symbol.asyncDispose]()
    if (isTransient(error)) throw error
    const snapshot = forgo(setting, error)
    return { first: await ReadTransaction.begin(database, options), snapshot }
  }
}

/** A pooler may have no second backend for us; it would keep us waiting for it. */
function mayShare(database: Database): boolean {
  const limit = Math.min(database.figures().max, connectionLimit(database.server))
  return limit >= MIN_CONNECTIONS && !database.server.isPooled
}

function forgo({ say }: Setting, error: unknown): null {
  say(`Everything is read over one connection. ${ConnectorError.from(error).message}`)
  return null
}
