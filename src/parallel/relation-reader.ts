import type { Copier, CopyReader } from '../postgres/copy/copier.ts'
import type { CopyOut } from '../postgres/copy/copy-out.ts'
import type { ReadTransaction } from '../postgres/session/read-transaction.ts'
import type { StreamSession } from '../postgres/session/stream-session.ts'
import type { TupleSink } from '../wire/copy-stream.ts'
import { OrderedCopy } from './ordered-copy.ts'
import { BlockPool } from './tuple-block.ts'

/**
 * Share of the time spent waiting for the server from which on another backend is worth its cost.
 */
const MIN_WAITED_SHARE = 0.2

/** Reads one stream. */
export interface StreamReader extends AsyncDisposable {
  /**
   * Session for queries about the relation. Its locks are released with this reader or its group.
   */
  readonly transaction: StreamSession
  /** Size above which this reader does not read a relation. */
  readonly maxBytes: number
  /**
   * Opens a copier that reads the relation, or a leaf of it, in parts.
   * @param from item of a FROM list, already locked, for additional connections; null: none are
   * opened.
   */
  copier(from: string | null): Copier & AsyncDisposable
}

/** Provides the readers of one snapshot. */
export interface Readers {
  /** Whether another reader can be opened now. */
  readonly hasRoom: boolean
  /** Opens another reader for a relation that is being read; null: none is available. */
  openAnother(from: string): Promise<ReadTransaction | null>
  /** Disables optional readers, because one has failed. */
  disableOthers(failure: unknown): void
  /** Releases the reader of a relation that has been read. */
  release(reader: ReadTransaction): Promise<void>
}

/** Reads one relation in a shared snapshot on its own connection. */
export class RelationReader implements StreamReader {
  readonly maxBytes = Infinity
  readonly transaction: ReadTransaction
  readonly #readers: Readers

  constructor(readers: Readers, transaction: ReadTransaction) {
    this.#readers = readers
    this.transaction = transaction
  }

  copier(from: string | null): ParallelCopier {
    return new ParallelCopier(this.#readers, this.transaction, from)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#readers.release(this.transaction)
  }
}

/**
 * Reads with one connection. If that spends much time waiting for the server, a second one is
 * opened during the read and takes part in the following COPYs until it is disposed of.
 */
class ParallelCopier implements Copier, AsyncDisposable {
  readonly #readers: Readers
  readonly #main: ReadTransaction
  readonly #from: string | null
  readonly #blocks = new BlockPool()
  #last: { readonly copy: CopyOut; readonly startedMs: number } | null = null
  #other: ReadTransaction | null = null
  #isAsked = false
  #isDone = false

  constructor(readers: Readers, main: ReadTransaction, from: string | null) {
    this.#readers = readers
    this.#main = main
    this.#from = from
  }

  copy(selects: readonly string[], sink: TupleSink): CopyReader {
    const isDivisible = selects.length > 1
    const from = this.#from
    if (isDivisible && from !== null && this.#isWorthAnother) void this.#open(from)
    if (isDivisible && this.#other?.isUsable === true) {
      const onFailure = (failure: unknown): void => this.#readers.disableOthers(failure)
      const sources = { main: this.#main, others: [this.#other], onFailure, blocks: this.#blocks }
      return new OrderedCopy(selects, sources, sink)
    }
    const copy = this.#main.copy(selects, sink)
    this.#last = { copy, startedMs: performance.now() }
    return copy
  }

  /** Closes the second connection, also while it is being opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDone = true
    if (this.#other !== null) await this.#readers.release(this.#other)
  }

  get #isWorthAnother(): boolean {
    if (this.#isAsked || this.#last === null || !this.#readers.hasRoom) return false
    const { copy, startedMs } = this.#last
    return copy.waitedMs > MIN_WAITED_SHARE * (performance.now() - startedMs)
  }

  /** Never rejects. */
  async #open(from: string): Promise<void> {
    this.#isAsked = true
    const other = await this.#readers.openAnother(from).catch(() => null)
    if (other !== null && this.#isDone) await this.#readers.release(other)
    else this.#other = other
  }
}
