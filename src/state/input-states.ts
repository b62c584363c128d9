import type { JsonObject } from '../json/json.ts'
import type { GlobalContent, StateContent, StreamDescriptor } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'

interface StreamEntry {
  readonly state: JsonObject | null
  readonly isGlobal: boolean
}

/** The states passed to a run. If there are several for one stream, the last one counts. */
export class InputStates {
  /** In the given order. */
  readonly contents: readonly StateContent[]
  /** The last GLOBAL state; null: there is none. */
  readonly global: GlobalContent | null
  readonly #streams: ReadonlyMap<string, StreamEntry>

  constructor(contents: readonly StateContent[]) {
    this.contents = contents
    const last = contents.findLast((content) => content.type === 'GLOBAL')
    this.global = last === undefined ? null : last.global
    this.#streams = new Map(
      contents.flatMap((content) =>
        streamsOf(content).map(({ stream_descriptor: descriptor, stream_state: state }) => [
          streamKey(descriptor),
          { state, isGlobal: content.type === 'GLOBAL' },
        ]),
      ),
    )
  }

  /**
   * The saved state of a stream; an empty object counts as none. A state without a namespace
   * matches any namespace.
   */
  stream(descriptor: StreamDescriptor): JsonObject | null {
    const state = this.#find(descriptor)?.state ?? null
    return state === null || Object.keys(state).length === 0 ? null : state
  }

  /** Whether the saved state of a stream is part of a GLOBAL state. */
  isGlobal(descriptor: StreamDescriptor): boolean {
    return this.#find(descriptor)?.isGlobal === true
  }

  #find(descriptor: StreamDescriptor): StreamEntry | undefined {
    const { name } = descriptor
    return this.#streams.get(streamKey(descriptor)) ?? this.#streams.get(streamKey({ name }))
  }
}

/** The streams in a state. */
export function streamsOf(content: StateContent): GlobalContent['stream_states'] {
  return content.type === 'STREAM' ? [content.stream] : content.global.stream_states
}
