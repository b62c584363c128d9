import type { Config } from '../config/config.ts'
import { type StateMessage, stateMessage } from '../protocol/messages.ts'
import type { StateThunk } from '../replication/feed.ts'

/** Decides when a reachable state of one feed is emitted, and counts the records between two of them. */
export class Checkpointer {
  readonly #batchRows: number
  readonly #intervalMs: number
  #reachable: StateThunk | null = null
  #rows = 0
  #emittedMs: number

  constructor(
    { batchSize, checkpointIntervalMs }: Pick<Config, 'batchSize' | 'checkpointIntervalMs'>,
    nowMs: number,
  ) {
    this.#batchRows = batchSize
    this.#intervalMs = checkpointIntervalMs
    this.#emittedMs = nowMs
  }

  /** So many records more are in the output; fewer if negative. */
  count(rows: number): void {
    this.#rows += rows
  }

  /** `state` is reachable: the STATE message if one is due after `batch_size` rows or the interval. */
  reach(state: StateThunk, nowMs: number): StateMessage | null {
    this.#reachable = state
    const isDue = this.#rows >= this.#batchRows || nowMs - this.#emittedMs >= this.#intervalMs
    return isDue ? this.take(nowMs) : null
  }

  /** The STATE of the last reachable state, if it has not been emitted: at the end, and before a stop. */
  take(nowMs: number): StateMessage | null {
    if (this.#reachable === null) return null
    const message = stateMessage(this.#reachable(), this.#rows)
    this.#reachable = null
    this.#rows = 0
    this.#emittedMs = nowMs
    return message
  }
}
