import type { CopyProgress, CopyReader } from '../postgres/copy/copier.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'
import { type CopySource, CopyWorker } from './copy-worker.ts'
import type { BlockPool } from './tuple-block.ts'

const LIMITS = { maxAsked: 8, readAheadBytes: 2 * 2 ** 20 }

/** What an ordered copy reads with. */
export interface CopySources {
  /** Its failure is that of the copy. */
  readonly main: CopySource
  /** Optional ones: what they do not finish is read by the main one. */
  readonly others: readonly CopySource[]
  /** Called when an optional one has failed. */
  readonly onFailure: (failure: unknown) => void
  /** For what is read ahead. */
  readonly blocks: BlockPool
}

/**
 * COPY statements that several connections share: each takes the next one as soon as it has asked for less than it may,
 * and reads ahead of its turn, in bounded memory. Their rows come in the order of the statements. All sources see the
 * same snapshot, so that a statement of an optional one that has failed gives the same rows in the same order on the main
 * one: those that have been delivered are left out there.
 */
export class OrderedCopy implements CopyReader, TupleSink {
  readonly #selects: readonly string[]
  readonly #sources: CopySources
  readonly #sink: TupleSink
  readonly #main: CopyWorker
  readonly #workers: readonly CopyWorker[]
  /** By statement. */
  readonly #owners: CopyWorker[] = []
  /** The statement whose turn it is. */
  #turn = 0
  /** Rows of it that were delivered. */
  #rows = 0
  /** Rows that come once more. */
  #repeatedRows = 0
  /** What the sink failed with, as opposed to the connection that its rows came from. */
  #sinkFailure: { readonly error: unknown } | null = null

  constructor(selects: readonly string[], sources: CopySources, sink: TupleSink) {
    this.#selects = selects
    this.#sources = sources
    this.#sink = sink
    const options = { ...LIMITS, blocks: sources.blocks, onFree: (): void => this.#assign() }
    this.#main = new CopyWorker(sources.main, options)
    const others = sources.others.map((source) => new CopyWorker(source, options))
    this.#workers = [this.#main, ...others]
    this.#assign()
  }

  get receivedBytes(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.receivedBytes, 0)
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    if (this.#repeatedRows > 0) {
      this.#repeatedRows--
      return
    }
    this.#pass(() => this.#sink.tuple(bytes, start, end))
    this.#rows++
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    if (this.#repeatedRows > 0) return null
    const taken = this.#pass(() => this.#sink.takeRows?.(bytes, start, end) ?? null)
    this.#rows += taken?.rows ?? 0
    return taken
  }

  async read(): Promise<CopyProgress> {
    if (this.#turn === this.#selects.length) return await this.#finish()
    const owner = this.#owners[this.#turn]!
    const delivery = await owner.deliver(this)
    if (this.#sinkFailure !== null) throw this.#sinkFailure.error
    if (delivery === 'failed') await this.#replace(owner)
    if (delivery !== 'end') return 'rows'
    this.#turn++
    this.#rows = 0
    this.#readAhead()
    return 'statement'
  }

  #pass<Result>(deliver: () => Result): Result {
    try {
      return deliver()
    } catch (error) {
      this.#sinkFailure = { error }
      throw error
    }
  }

  /** Each worker in turn, so that the first statements are begun by all of them. */
  #assign(): void {
    for (let isAssigned = true; isAssigned;) {
      isAssigned = false
      for (const worker of this.#workers) {
        const next = this.#owners.length
        if (!worker.isFree || next === this.#selects.length) continue
        this.#owners.push(worker)
        worker.ask(this.#selects[next]!)
        isAssigned = true
      }
    }
    this.#readAhead()
  }

  #readAhead(): void {
    const owner = this.#owners[this.#turn]
    for (const worker of this.#workers) if (worker !== owner) worker.readAhead()
  }

  /**
   * Gives what a failed worker has left undone to the main one. What that has read ahead is thrown away and read again,
   * since it comes after the rows that are missing now.
   */
  async #replace(failed: CopyWorker): Promise<void> {
    if (failed === this.#main) throw failed.failure
    this.#sources.onFailure(failed.failure)
    await this.#main.startOver()
    this.#repeatedRows = this.#rows
    this.#owners.forEach((owner, index) => {
      if (index < this.#turn || (owner !== failed && owner !== this.#main)) return
      this.#owners[index] = this.#main
      this.#main.ask(this.#selects[index]!)
    })
  }

  async #finish(): Promise<CopyProgress> {
    await this.#main.finish()
    await Promise.allSettled(this.#workers.map((worker) => worker.finish()))
    return 'end'
  }
}
