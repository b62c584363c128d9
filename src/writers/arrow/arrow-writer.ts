import type { BatchTarget } from './batch-queue.ts'
import type { ArrowSink } from './arrow-sink.ts'
import type { StreamWriter } from '../writer.ts'

/** Parameters of a writer besides its sink and its target. */
export interface ArrowWriterOptions {
  /** Maximum time until a batch ends, however few rows it has. */
  readonly cutMs: number
  /** Converts an error of the target into one with its cause and remedy. */
  readonly onError: (error: unknown) => unknown
  /** Called once, at the end. */
  readonly onEnd: () => void
}

/** Writes the rows of one stream as record batches. Rows are durable when their batch is. */
export class ArrowWriter implements StreamWriter {
  readonly sink: ArrowSink
  /** Whether a STATE has been emitted for its rows. */
  isCommitted = false
  readonly #target: BatchTarget
  readonly #options: ArrowWriterOptions
  #cutRows = 0
  #cutAtMs = performance.now()
  #adoptedRows = 0
  #isFinished = false

  constructor(sink: ArrowSink, target: BatchTarget, options: ArrowWriterOptions) {
    this.sink = sink
    this.#target = target
    this.#options = options
  }

  get durableRows(): number {
    return this.#target.durableRows + this.#adoptedRows
  }

  /** Counts rows in durable files of other processes. */
  adopt(rows: number): void {
    this.#adoptedRows += rows
    this.sink.rows += rows
  }

  async drain(): Promise<void> {
    this.#cutInTime()
    await this.#attempt(() => this.#target.drain())
  }

  async flush(): Promise<void> {
    if (this.#isFinished) return
    this.sink.cut()
    await this.#attempt(() => this.#target.flush())
  }

  commit(): void {
    this.isCommitted = true
    this.#target.commit()
  }

  /** A second call does nothing. */
  async finish(): Promise<void> {
    if (this.#isFinished) return
    this.#isFinished = true
    this.sink.cut()
    this.#options.onEnd()
    await this.#attempt(() => this.#target.finish())
  }

  /** Called if the run has failed; see `BatchTarget.abandon`. */
  async abandon(): Promise<string | null> {
    if (!this.#isFinished) this.#options.onEnd()
    this.#isFinished = true
    return await this.#target.abandon()
  }

  /** Ends batches regularly, so that a slow stream emits states, too. */
  #cutInTime(): void {
    const nowMs = performance.now()
    const isUndurable = this.sink.rows > this.#cutRows
    if (isUndurable && nowMs - this.#cutAtMs < this.#options.cutMs) return
    if (isUndurable) this.sink.cut()
    this.#cutRows = this.sink.rows
    this.#cutAtMs = nowMs
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw this.#options.onError(error)
    }
  }
}
