import { ConnectorError } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json/json.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'

/** The stream states of an input state file. */
export class InputStates {
  readonly #states: readonly { descriptor: StreamDescriptor; state: JsonObject | null }[]

  constructor(states: readonly { descriptor: StreamDescriptor; state: JsonObject | null }[]) {
    this.#states = states
  }

  /** What was saved for a stream; an empty object is nothing. */
  find({ name, namespace }: StreamDescriptor): JsonObject | null {
    const found = this.#states.find(
      ({ descriptor }) =>
        descriptor.name === name && (descriptor.namespace ?? namespace) === namespace,
    )
    const state = found?.state ?? null
    return state === null || Object.keys(state).length === 0 ? null : state
  }
}

/**
 * An array of STATE messages or of their contents, a single one, `{}` or `[]`.
 * @throws ConnectorError config_error if it is anything else: a state that is not understood must not become a full sync.
 */
export function parseStates(raw: unknown): InputStates {
  const entries = Array.isArray(raw) ? raw : isEmpty(raw) ? [] : [raw]
  return new InputStates(entries.map((entry: unknown, index) => parseEntry(entry, index)))
}

function parseEntry(
  raw: unknown,
  index: number,
): { descriptor: StreamDescriptor; state: JsonObject | null } {
  const entry = isJsonObject(raw) && raw['type'] === 'STATE' ? raw['state'] : raw
  if (!isJsonObject(entry)) throw malformed(index, 'is not an object')
  const { type, stream } = entry
  if (type !== 'STREAM' || !isJsonObject(stream)) throw malformed(index, 'is not of type STREAM')
  const descriptor: unknown = stream['stream_descriptor']
  const state: unknown = stream['stream_state'] ?? null
  if (!isJsonObject(descriptor) || typeof descriptor['name'] !== 'string') {
    throw malformed(index, 'has no stream_descriptor with a name')
  }
  if (state !== null && !isJsonObject(state))
    throw malformed(index, 'has a stream_state that is not an object')
  const { name, namespace } = descriptor
  return {
    descriptor: typeof namespace === 'string' ? { name, namespace } : { name },
    state,
  }
}

function malformed(index: number, what: string): ConnectorError {
  const message = `The state file is malformed: entry ${index + 1} ${what}. Give the STATE messages of an earlier read, or no state to start over.`
  return new ConnectorError('config_error', message)
}

function isEmpty(raw: unknown): boolean {
  return raw === null || (isJsonObject(raw) && Object.keys(raw).length === 0)
}
