import type { JsonObject } from '../json/json.ts'
import type { GlobalContent, StateContent, StreamDescriptor } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'
import type { ResumeStates } from '../replication/feed.ts'
import { type InputStates, streamsOf } from '../state/input-states.ts'

/** The states of a run: the given ones, replaced by those that were emitted. */
export class RunStates implements ResumeStates {
  /** Number of emitted STATE messages: a measure of progress. */
  emitted = 0
  readonly givenGlobal: GlobalContent | null
  global: GlobalContent | null
  readonly #input: InputStates
  readonly #streams = new Map<string, JsonObject | null>()

  constructor(input: InputStates) {
    this.#input = input
    this.givenGlobal = input.global
    this.global = input.global
  }

  stream(descriptor: StreamDescriptor): JsonObject | null {
    const emitted = this.#streams.get(streamKey(descriptor))
    return emitted === undefined ? this.#input.stream(descriptor) : emitted
  }

  isGlobal(descriptor: StreamDescriptor): boolean {
    return !this.#streams.has(streamKey(descriptor)) && this.#input.isGlobal(descriptor)
  }

  /** Discards the states of these streams, so that they are read from the start. */
  discard(descriptors: readonly StreamDescriptor[]): void {
    for (const descriptor of descriptors) this.#streams.set(streamKey(descriptor), null)
  }

  /** Called when a STATE with this content has been emitted. */
  record(content: StateContent): void {
    this.emitted++
    if (content.type === 'GLOBAL') this.global = content.global
    for (const { stream_descriptor: descriptor, stream_state: state } of streamsOf(content)) {
      this.#streams.set(streamKey(descriptor), state)
    }
  }
}
