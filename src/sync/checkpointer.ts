import type { Config } from '../config/config.ts'
import { type StateMessage, stateMessage } from '../protocol/messages.ts'
import type { StateThunk } from '../replication/feed.ts'

/**
 * Decides when a reachable state of one feed is emitted, and counts the records between two of
 * them.
 */
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

  /** Adds records that are in the output; a negative number removes them. */
  count(rows: number): void {
    this.#rows += rows
  }

  /**
   * Called when `state` is reachable; returns the STATE message if one is due after `batch_size`
   * rows or the interval.
   */
  reach(state: StateThunk, nowMs: number): StateMessage | null {
    this.#reachable = state
    const isDue = this.#rows >= this.#batchRows || nowMs - this.#emittedMs >= this.#intervalMs
    return isDue ? this.take(nowMs) : null
  }

  /**
   * Returns the STATE of the last reachable state if it was not emitted: at the end, and before a
   * stop.
   */
  take(nowMs: number): StateMessage | null {
    if (this.#reachable === null) return null
    const message = stateMessage(this.#reachable(), this.#rows)
    this.#reachable = null
    this.#rows = 0
    this.#emittedMs = nowMs
    return message
  }
}
