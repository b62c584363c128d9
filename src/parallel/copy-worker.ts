import type { ExtensibleCopy } from '../postgres/copy/copier.ts'
import type { RowsTaken, TupleSink } from '../wire/copy-stream.ts'
import type { BlockPool, TupleBlock } from './tuple-block.ts'

/** Of rows that were read ahead, about so many are delivered at one time. */
const DELIVERED_BYTES = 512 * 1024
const NOWHERE: TupleSink = { tuple: () => undefined }

/** A connection that runs COPY statements, which end one after the other. */
export interface CopySource {
  readonly isUsable: boolean
  copy(selects: readonly string[], sink: TupleSink): ExtensibleCopy
}

/** `rows`: some of the statement's rows were delivered. `end`: all of them. `failed`: `failure` says why it goes no further. */
export type Delivery = 'rows' | 'end' | 'failed'

/** What a worker asks of the copy that it works for. */
export interface WorkerOptions {
  /** It takes no more statements than these at one time. The server begins the second without a round trip. */
  readonly maxAsked: number
  /** It reads no further ahead of its turn than this. */
  readonly readAheadBytes: number
  /** Where the blocks for what it reads ahead come from. */
  readonly blocks: BlockPool
  /** Called when it can take another statement. */
  readonly onFree: () => void
}

/** Reads the statements that one connection has taken, ahead of their turn as far as it may. */
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
  /** Statements that the server has not ended, as far as was read. */
  #asked = 0
  /** What was read ahead, a block for each statement. */
  readonly #blocks: TupleBlock[] = []
  #target: TupleSink = NOWHERE
  #isItsTurn = false
  #readingAhead: Promise<void> | null = null

  constructor(source: CopySource, options: WorkerOptions) {
    this.source = source
    this.#options = options
  }

  get isFree(): boolean {
    return this.failure === null && this.source.isUsable && this.#asked < this.#options.maxAsked
  }

  tuple(bytes: Buffer, start: number, end: number): void {
    this.#target.tuple(bytes, start, end)
  }

  takeRows(bytes: Buffer, start: number, end: number): RowsTaken | null {
    return this.#target.takeRows?.(bytes, start, end) ?? null
  }

  /** Asks the server for one more statement. */
  ask(select: string): void {
    this.#asked++
    try {
      if (this.#copy !== null && !this.#copy.isDone) this.#copy.append(select)
      else this.#begin(select)
    } catch (error) {
      this.failure = error
    }
  }

  /** Reads on its own until it has read enough ahead. */
  readAhead(): void {
    if (this.#readingAhead !== null || !this.#mayReadAhead) return
    this.#readingAhead = this.#readWhileAhead().finally(() => {
      this.#readingAhead = null
    })
  }

  /** Delivers more of the statement whose turn it is: what was read ahead, then straight from the server. */
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

  /** Throws away what was read ahead, and what is still to come of the statements that were asked for. */
  async startOver(): Promise<void> {
    this.#isItsTurn = true
    await this.#readingAhead
    this.#target = NOWHERE
    await this.finish()
    this.#blocks.length = 0
    this.#asked = 0
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
    const isWanted = this.#asked > 0 && bytes < this.#options.readAheadBytes
    return isWanted && !this.#isItsTurn && this.failure === null
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
    this.#asked--
    this.#options.onFree()
  }
}
