import type { CopyProgress, CopyReader } from '../postgres/copy/copier.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'
import { type CopySource, CopyWorker } from './copy-worker.ts'
import type { BlockPool } from './tuple-block.ts'

const LIMITS = { maxSent: 8, readAheadBytes: 2 * 2 ** 20 }

/** Connections and resources of an ordered copy. */
export interface CopySources {
  /** If it fails, the copy fails. */
  readonly main: CopySource
  /** Optional connections. The main one reads the statements that they do not finish. */
  readonly others: readonly CopySource[]
  /** Called when an optional connection has failed. */
  readonly onFailure: (failure: unknown) => void
  /** Pool of the blocks for rows that are read ahead. */
  readonly blocks: BlockPool
}

/**
 * COPY statements that several connections share. Each connection takes the next statement when it
 * has sent fewer than its limit, and reads ahead of its turn in bounded memory. Rows are delivered
 * in the order of the statements. All sources have the same snapshot, so the main connection can
 * repeat a statement of a failed one: it returns the same rows in the same order, and those that
 * were already delivered are skipped.
 */
export class OrderedCopy implements CopyReader, TupleSink {
  readonly #selects: readonly string[]
  readonly #sources: CopySources
  readonly #sink: TupleSink
  readonly #main: CopyWorker
  readonly #workers: readonly CopyWorker[]
  /** Indexed by statement. */
  readonly #owners: CopyWorker[] = []
  /** The current statement. */
  #turn = 0
  /** Number of its rows that were delivered. */
  #rows = 0
  /** Number of rows to skip in a repeated statement. */
  #repeatedRows = 0
  /** Error of the sink, to distinguish it from an error of the connection. */
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

  /**
   * Assigns statements to the workers in turn, so that all of them take part from the beginning.
   */
  #assign(): void {
    for (let isAssigned = true; isAssigned;) {
      isAssigned = false
      for (const worker of this.#workers) {
        const next = this.#owners.length
        if (!worker.isFree || next === this.#selects.length) continue
        this.#owners.push(worker)
        worker.send(this.#selects[next]!)
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
   * Moves the unfinished statements of a failed worker to the main one. Rows that the main one has
   * read ahead are discarded and read again, because they follow the missing rows.
   */
  async #replace(failed: CopyWorker): Promise<void> {
    if (failed === this.#main) throw failed.failure
    this.#sources.onFailure(failed.failure)
    await this.#main.startOver()
    this.#repeatedRows = this.#rows
    this.#owners.forEach((owner, index) => {
      if (index < this.#turn || (owner !== failed && owner !== this.#main)) return
      this.#owners[index] = this.#main
      this.#main.send(this.#selects[index]!)
    })
  }

  async #finish(): Promise<CopyProgress> {
    await this.#main.finish()
    await Promise.allSettled(this.#workers.map((worker) => worker.finish()))
    return 'end'
  }
}
