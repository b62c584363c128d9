import type { PrepareContext } from '../../feed.ts'
import { confirmSituation } from '../sync-start.ts'
import { readSituation } from '../situation.ts'
import type { Offset } from '../state/offset.ts'

const LOOK_MS = 5000

/** Looks at the slot while a first load runs. A load whose slot is lost meanwhile is of no use. */
export class SlotWatch {
  readonly #context: PrepareContext
  readonly #offset: Offset
  #lookedMs = performance.now()

  /** @param offset From where the log is to be read after the load. */
  constructor(context: PrepareContext, offset: Offset) {
    this.#context = context
    this.#offset = offset
  }

  /** Looks every five seconds. @throws ConnectorError as `confirmStart`. */
  async look(): Promise<void> {
    if (performance.now() - this.#lookedMs < LOOK_MS) return
    // The load does not depend on the connection that this takes
    const situation = await readSituation(this.#context, this.#offset).catch(() => null)
    this.#lookedMs = performance.now()
    if (situation !== null) confirmSituation(situation)
  }
}
