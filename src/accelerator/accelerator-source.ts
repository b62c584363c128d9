import type { AccelerationMode } from '../run-context.ts'
import { Accelerator } from './accelerator.ts'

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
