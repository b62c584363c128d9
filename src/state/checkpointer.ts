import type { Config } from '../config/config.ts'
import type { JsonObject } from '../json/json.ts'
import { type Message, type StreamDescriptor, streamState } from '../protocol/messages.ts'

/** A state that holds once all records so far have been delivered. Made only when it is needed. */
export type StateThunk = () => JsonObject

/** Decides when a reachable state of one stream is emitted, and counts the records between two of them. */
export class Checkpointer {
  /** The last state that was emitted, or given at the start. */
  state: JsonObject | null
  readonly #descriptor: StreamDescriptor
  readonly #batchRows: number
  readonly #intervalMs: number
  #reachable: StateThunk | null = null
  #rows = 0
  #emittedMs: number

  constructor(
    descriptor: StreamDescriptor,
    { batchSize, checkpointIntervalMs }: Pick<Config, 'batchSize' | 'checkpointIntervalMs'>,
    { state, nowMs }: { state: JsonObject | null; nowMs: number },
  ) {
    this.#descriptor = descriptor
    this.#batchRows = batchSize
    this.#intervalMs = checkpointIntervalMs
    this.state = state
    this.#emittedMs = nowMs
  }

  /** So many records more are in the output. */
  count(rows: number): void {
    this.#rows += rows
  }

  /** `state` is reachable: the STATE message if one is due after `batch_size` rows or the interval. */
  reach(state: StateThunk, nowMs: number): Message | null {
    this.#reachable = state
    const isDue = this.#rows >= this.#batchRows || nowMs - this.#emittedMs >= this.#intervalMs
    return isDue ? this.take(nowMs) : null
  }

  /** The STATE of the last reachable state, if it has not been emitted: at the end, and before a stop. */
  take(nowMs: number): Message | null {
    if (this.#reachable === null) return null
    this.state = this.#reachable()
    const message = streamState(this.#descriptor, this.state, this.#rows)
    this.#reachable = null
    this.#rows = 0
    this.#emittedMs = nowMs
    return message
  }
}
