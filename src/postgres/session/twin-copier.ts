import type { TupleSink } from '../../wire/copy-stream.ts'
import { AlternatingCopy } from '../copy/alternating-copy.ts'
import type { Copier, CopyReader } from '../copy/copier.ts'
import type { CopyOut } from '../copy/copy-out.ts'
import type { ReadTransaction } from './read-transaction.ts'

/** From this share of the time on that is spent waiting for the server, a second backend is worth its cost. */
const MIN_WAITED_SHARE = 0.2

/** The transaction that always reads, and how a second one is opened for a relation. */
export interface Twin {
  readonly first: ReadTransaction
  openSecond(from: string): Promise<ReadTransaction | null>
  /** The second one has failed: later attempts do without. */
  distrust(): void
}

/**
 * Reads one relation with the first transaction. When that keeps us waiting, a second one is opened while the reading
 * goes on, and takes every other SELECT of the next COPYs, until it is disposed of.
 */
export class TwinCopier implements Copier, AsyncDisposable {
  readonly #twin: Twin
  readonly #from: string
  #last: { readonly copy: CopyOut; readonly startedMs: number } | null = null
  #pair: AlternatingCopy | null = null
  #second: ReadTransaction | null = null
  #isAsked = false
  #isDone = false

  constructor(twin: Twin, from: string) {
    this.#twin = twin
    this.#from = from
  }

  copy(selects: readonly string[], sink: TupleSink): CopyReader {
    const { first } = this.#twin
    const isDivisible = selects.length > 1
    if (isDivisible && !this.#isAsked && this.#hasWaited()) void this.#open()
    if (isDivisible && this.#second?.isUsable === true) {
      const even = selects.filter((_, index) => index % 2 === 0)
      const odd = selects.filter((_, index) => index % 2 === 1)
      this.#pair = new AlternatingCopy(first.copy(even, sink), this.#second.copy(odd, sink))
      return this.#pair
    }
    const copy = first.copy(selects, sink)
    this.#last = { copy, startedMs: performance.now() }
    return copy
  }

  /** Ends the second one, also if it is still being opened. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDone = true
    if (this.#pair?.hasSecondFailed === true) this.#twin.distrust()
    await this.#second?.[Symbol.asyncDispose]()
  }

  #hasWaited(): boolean {
    if (this.#last === null) return false
    const { copy, startedMs } = this.#last
    return copy.waitedMs > MIN_WAITED_SHARE * (performance.now() - startedMs)
  }

  async #open(): Promise<void> {
    this.#isAsked = true
    const second = await this.#twin.openSecond(this.#from)
    if (this.#isDone) await second?.[Symbol.asyncDispose]()
    else this.#second = second
  }
}
