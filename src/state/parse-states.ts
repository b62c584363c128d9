import { ConnectorError } from '../errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json.ts'
import type { GlobalContent, StreamDescriptor } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'

/** The states of an input state file; of several for one stream the last one counts. */
export class InputStates {
  /** The last GLOBAL state; null: there is none. */
  readonly global: GlobalContent | null
  readonly #streams: ReadonlyMap<string, JsonObject | null>

  constructor(entries: readonly Entry[]) {
    const streams = entries.flatMap((entry) => entry.streams)
    const last = entries.findLast((entry) => entry.shared !== undefined)
    this.global = last === undefined ? null : toGlobal(last)
    this.#streams = new Map(streams.map(({ descriptor, state }) => [streamKey(descriptor), state]))
  }

  /** What was saved for a stream; an empty object is nothing. A state without a namespace is that of any. */
  stream(descriptor: StreamDescriptor): JsonObject | null {
    const { name } = descriptor
    const keys = [streamKey(descriptor), streamKey({ name })]
    const key = keys.find((each) => this.#streams.has(each))
    const state = key === undefined ? null : (this.#streams.get(key) ?? null)
    return state === null || Object.keys(state).length === 0 ? null : state
  }
}

function toGlobal({ shared, streams }: Entry): GlobalContent {
  const states = streams.map(({ descriptor, state }) => {
    return { stream_descriptor: descriptor, stream_state: state }
  })
  return { shared_state: shared ?? null, stream_states: states }
}

/** What one entry of a state file says. */
interface Entry {
  readonly streams: readonly StreamEntry[]
  /** Undefined: it is not about all streams. */
  readonly shared?: JsonObject | null
}

interface StreamEntry {
  readonly descriptor: StreamDescriptor
  readonly state: JsonObject | null
}

/**
 * An array of STATE messages or of their contents, a single one, `{}` or `[]`.
 * @throws ConnectorError config_error if it is anything else: a state that is not understood must not become a full sync.
 */
export function parseStates(raw: unknown): InputStates {
  const entries = Array.isArray(raw) ? raw : isEmpty(raw) ? [] : [raw]
  return new InputStates(entries.map((entry: unknown, index) => parseEntry(entry, index)))
}

function parseEntry(raw: unknown, index: number): Entry {
  const entry = isJsonObject(raw) && raw['type'] === 'STATE' ? raw['state'] : raw
  if (!isJsonObject(entry)) throw malformed(index, 'is not an object')
  const { type, stream, global, data } = entry
  if (type === 'STREAM' && isJsonObject(stream)) return { streams: [parseStream(stream, index)] }
  if (type === 'GLOBAL' && isJsonObject(global)) return parseGlobal(global, index)
  if (isJsonObject(data) && isJsonObject(data['cdc_state'])) return parseLegacy(data, index)
  throw malformed(index, 'is not of type STREAM or GLOBAL')
}

/** A state of before there were types: the official connector still writes it beside the GLOBAL one. */
function parseLegacy({ cdc_state: shared, streams }: JsonObject, index: number): Entry {
  const list = Array.isArray(streams) ? streams : []
  const states = list.map((stream: JsonValue) => {
    const { stream_name: name, stream_namespace: namespace } = isJsonObject(stream) ? stream : {}
    return { stream_descriptor: { name, namespace }, stream_state: stream }
  })
  return parseGlobal({ shared_state: shared, stream_states: states }, index)
}

function parseGlobal(
  { shared_state: shared, stream_states: streams }: JsonObject,
  index: number,
): Entry {
  if (!isAbsent(shared) && !isJsonObject(shared)) {
    throw malformed(index, 'has a shared_state that is not an object')
  }
  if (!isAbsent(streams) && !Array.isArray(streams)) {
    throw malformed(index, 'has stream_states that are not a list')
  }
  return {
    shared: shared ?? null,
    streams: (streams ?? []).map((stream) => parseStream(stream, index)),
  }
}

function parseStream(stream: JsonValue, index: number): StreamEntry {
  const { stream_descriptor: descriptor, stream_state: state } = isJsonObject(stream) ? stream : {}
  if (!isJsonObject(descriptor) || typeof descriptor['name'] !== 'string') {
    throw malformed(index, 'has no stream_descriptor with a name')
  }
  if (!isAbsent(state) && !isJsonObject(state))
    throw malformed(index, 'has a stream_state that is not an object')
  const { name, namespace } = descriptor
  return {
    descriptor: typeof namespace === 'string' ? { name, namespace } : { name },
    state: state ?? null,
  }
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === null || value === undefined
}

function malformed(index: number, what: string): ConnectorError {
  const message = `The state file is malformed: entry ${index + 1} ${what}. Give the STATE messages of an earlier read, or no state to start over.`
  return new ConnectorError('config_error', message)
}

function isEmpty(raw: unknown): boolean {
  return raw === null || (isJsonObject(raw) && Object.keys(raw).length === 0)
}
