import type { ExtensibleCopy } from '../postgres/copy/copier.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'
import type { BlockPool, TupleBlock } from './tuple-block.ts'

/** Approximate number of bytes, of rows that were read ahead, that are delivered at a time. */
const DELIVERED_BYTES = 512 * 1024
const NOWHERE: TupleSink = { tuple: () => undefined }

/** A connection that runs COPY statements in sequence. */
export interface CopySource {
  readonly isUsable: boolean
  copy(selects: readonly string[], sink: TupleSink): ExtensibleCopy
}

/**
 * `rows`: some of the statement's rows were delivered. `end`: all of them. `failed`: the worker
 * cannot continue; see `failure`.
 */
export type Delivery = 'rows' | 'end' | 'failed'

/** Parameters of a worker. */
export interface WorkerOptions {
  /**
   * Maximum number of statements that are sent ahead. With two, the server begins the second
   * without a round trip.
   */
  readonly maxSent: number
  /** Maximum number of bytes that are read ahead of the statement's turn. */
  readonly readAheadBytes: number
  /** Pool of the blocks for rows that are read ahead. */
  readonly blocks: BlockPool
  /** Called when it can take another statement. */
  readonly onFree: () => void
}

/** Reads the statements assigned to one connection, ahead of their turn within the limit. */
export class CopyWorker implements TupleSink {
  failure: unknown = null
  /** Bytes that came from the server. */
  get receivedBytes(): number {
    return this.#earlierBytes + (this.#copy?.receivedBytes ?? 0)
  }

  readonly source: CopySource
  readonly #options: WorkerOptions
  #copy: ExtensibleCopy | null = null
  #earlierBytes = 0
  /** Number of sent statements whose end has not been read. */
  #sent = 0
  /** Rows that were read ahead, in one block per statement. */
  readonly #blocks: TupleBlock[] = []
  #target: TupleSink = NOWHERE
  #isItsTurn = false
  #readingAhead: Promise<void> | null = null

  constructor(source: CopySource, options: WorkerOptions) {
    this.source = source
    this.#options = options
  }

  get isFree(): boolean {
    return this.failure === null && this.source.isUsable && this.#sent < this.#options.maxSent
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    this.#target.tuple(bytes, start, end)
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    return this.#target.takeRows?.(bytes, start, end) ?? null
  }

  /** Sends one more statement to the server. */
  send(select: string): void {
    this.#sent++
    try {
      if (this.#copy !== null && !this.#copy.isDone) this.#copy.append(select)
      else this.#begin(select)
    } catch (error) {
      this.failure = error
    }
  }

  /** Reads in the background up to the read-ahead limit. */
  readAhead(): void {
    if (this.#readingAhead !== null || !this.#mayReadAhead) return
    this.#readingAhead = this.#readWhileAhead().finally(() => {
      this.#readingAhead = null
    })
  }

  /**
   * Delivers more of the current statement: first the rows that were read ahead, then rows straight
   * from the server.
   */
  async deliver(sink: TupleSink): Promise<Delivery> {
    this.#isItsTurn = true
    await this.#readingAhead
    const [block] = this.#blocks
    if (block !== undefined && block.bytes > 0) {
      block.moveTo(sink, DELIVERED_BYTES)
      return 'rows'
    }
    if (block?.isWhole === true) {
      this.#endTurn()
      return 'end'
    }
    if (this.failure !== null) return 'failed'
    return await this.#deliverDirectly(sink)
  }

  /**
   * Discards the rows that were read ahead and the remaining rows of the statements that were sent.
   */
  async startOver(): Promise<void> {
    this.#isItsTurn = true
    await this.#readingAhead
    this.#target = NOWHERE
    await this.finish()
    this.#blocks.length = 0
    this.#sent = 0
    this.#isItsTurn = false
    if (this.failure !== null) throw this.failure
  }

  /** Reads to the end of all statements, so that the connection is free. */
  async finish(): Promise<void> {
    await this.#readingAhead
    if (this.#copy === null || this.failure !== null) return
    while ((await this.#copy.read()) !== 'end');
  }

  #begin(select: string): void {
    this.#earlierBytes = this.receivedBytes
    this.#copy = this.source.copy([select], this)
  }

  async #deliverDirectly(sink: TupleSink): Promise<Delivery> {
    this.#target = sink
    try {
      const progress = await this.#copy!.read()
      if (progress === 'rows') return 'rows'
      this.#endStatement()
      this.#endTurn()
      return 'end'
    } catch (error) {
      this.failure = error
      return 'failed'
    }
  }

  get #mayReadAhead(): boolean {
    const bytes = this.#blocks.reduce((sum, block) => sum + block.bytes, 0)
    const isReadingAhead = this.#sent > 0 && bytes < this.#options.readAheadBytes
    return isReadingAhead && !this.#isItsTurn && this.failure === null
  }

  async #readWhileAhead(): Promise<void> {
    try {
      while (this.#mayReadAhead) {
        const block = this.#openBlock()
        this.#target = block
        if ((await this.#copy!.read()) === 'rows') continue
        block.isWhole = true
        this.#endStatement()
      }
    } catch (error) {
      this.failure = error
    }
  }

  #openBlock(): TupleBlock {
    const last = this.#blocks.at(-1)
    if (last !== undefined && !last.isWhole) return last
    const block = this.#options.blocks.take()
    this.#blocks.push(block)
    return block
  }

  #endTurn(): void {
    const block = this.#blocks.shift()
    if (block !== undefined) this.#options.blocks.give(block)
    this.#isItsTurn = false
  }

  #endStatement(): void {
    this.#sent--
    this.#options.onFree()
  }
}
