import { type AccelerationMode, log, type Run } from '../run-context.ts'
import { Accelerator, type MessageBytes } from './accelerator.ts'

/** Up to this much of a stream the module is not worth its start. Beyond it, V8 would begin to optimize the encoder. */
const SMALL_BYTES = 64 * 1024

/** The accelerator of a run, which is instantiated when it is needed first. */
export class AcceleratorSource {
  /** How much of a stream is read without it. */
  readonly smallBytes: number
  readonly #onMissing: (reason: string) => void
  #accelerator: Accelerator | null | undefined

  /** @param onMissing called once when the module cannot be instantiated. */
  constructor(mode: AccelerationMode, onMissing: (reason: string) => void) {
    this.smallBytes = mode === 'always' ? 0 : SMALL_BYTES
    this.#onMissing = onMissing
    if (mode === 'off') this.#accelerator = null
  }

  /** That of a run. */
  static of(run: Run): AcceleratorSource {
    return new AcceleratorSource(run.acceleration, (reason) =>
      log(run, 'INFO', `Rows are encoded without WebAssembly, which takes more CPU: ${reason}`),
    )
  }

  /** Null where there is none. */
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

  /** What is to encode the messages; null: the module is not worth its start yet, or missing. */
  add({ start, end }: MessageBytes): Accelerator | null {
    const isSmall = this.#bytes < this.#source.smallBytes
    this.#bytes += end - start
    return isSmall ? null : this.#source.get()
  }
}
