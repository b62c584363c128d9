import { type AccelerationMode, log, type Run } from '../run-context.ts'
import { Accelerator, type MessageBytes } from './accelerator.ts'

/**
 * Up to this amount of data, starting the module costs more than it saves. After it, V8 would begin
 * to optimize the encoder.
 */
const SMALL_BYTES = 64 * 1024

/** Provides the accelerator of a run, which is instantiated when it is first needed. */
export class AcceleratorSource {
  /** Number of bytes of a stream that are read without it. */
  readonly smallBytes: number
  readonly #onMissing: (reason: string) => void
  #accelerator: Accelerator | null | undefined

  /** @param onMissing called once when the module cannot be instantiated. */
  constructor(mode: AccelerationMode, onMissing: (reason: string) => void) {
    this.smallBytes = mode === 'always' ? 0 : SMALL_BYTES
    this.#onMissing = onMissing
    if (mode === 'off') this.#accelerator = null
  }

  /** The source of a run. */
  static of(run: Run): AcceleratorSource {
    return new AcceleratorSource(run.acceleration, (reason) =>
      log(run, 'INFO', `Rows are encoded without WebAssembly, which takes more CPU: ${reason}`),
    )
  }

  /** Returns the accelerator; null: the module is not available. */
  get(): Accelerator | null {
    if (this.#accelerator === undefined) this.#accelerator = this.#instantiate()
    return this.#accelerator
  }

  #instantiate(): Accelerator | null {
    try {
      return new Accelerator()
    } catch (error) {
      this.#onMissing(error instanceof Error ? error.message : String(error))
      return null
    }
  }
}

/** Decides when a stream is large enough for the accelerator. */
export class StreamSize {
  readonly #source: AcceleratorSource
  #bytes = 0

  constructor(source: AcceleratorSource) {
    this.#source = source
  }

  /**
   * Returns the accelerator for the messages; null: the stream is still small, or the module is not
   * available.
   */
  add({ start, end }: MessageBytes): Accelerator | null {
    const isSmall = this.#bytes < this.#source.smallBytes
    this.#bytes += end - start
    return isSmall ? null : this.#source.get()
  }
}
