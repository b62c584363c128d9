import { ConnectorError } from '../errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json.ts'
import type { GlobalContent, StateContent } from '../protocol/messages.ts'
import { InputStates } from './input-states.ts'

type StreamContent = GlobalContent['stream_states'][number]

/** Types of messages in the output of a read that are skipped. */
const OTHER_MESSAGES: ReadonlySet<unknown> = new Set([
  'RECORD',
  'LOG',
  'TRACE',
  'SPEC',
  'CONNECTION_STATUS',
  'CATALOG',
  'CONTROL',
])

/**
 * Parses an array of STATE messages or of their contents, a single one, `{}` or `[]`. Other
 * messages of a read are skipped.
 * @throws ConnectorError config_error for anything else: an unknown state must not cause a full
 * sync.
 */
export function parseStates(raw: unknown): InputStates {
  const entries: unknown[] = Array.isArray(raw) ? raw : isEmpty(raw) ? [] : [raw]
  const states = entries
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => !isJsonObject(entry) || !OTHER_MESSAGES.has(entry['type']))
  if (entries.length > 0 && states.length === 0) {
    throw malformed('has messages, but no STATE')
  }
  return new InputStates(states.flatMap(({ entry, index }) => parseEntry(entry, index)))
}

function parseEntry(raw: unknown, index: number): readonly StateContent[] {
  const entry = isJsonObject(raw) && raw['type'] === 'STATE' ? raw['state'] : raw
  if (!isJsonObject(entry)) throw malformedEntry(index, 'is not an object')
  const { type, stream, global } = entry
  if (type === 'STREAM' && isJsonObject(stream)) {
    return [{ type, stream: parseStream(stream, index) }]
  }
  if (type === 'GLOBAL' && isJsonObject(global)) {
    return [{ type, global: parseGlobal(global, index) }]
  }
  const data = isAbsent(type) || type === 'LEGACY' ? legacyData(entry) : null
  if (data === null) throw malformedEntry(index, 'is not of type STREAM or GLOBAL')
  return parseLegacy(data, index)
}

/**
 * Returns `data` of a state without a type, which the protocol treats as LEGACY, or the state
 * itself.
 */
function legacyData(entry: JsonObject): JsonObject | null {
  const { data } = entry
  if (isJsonObject(data)) return data
  return entry['streams'] === undefined && entry['cdc_state'] === undefined ? null : entry
}

/**
 * Parses a state of the former official connector: a list of streams with their states, and for CDC
 * the shared state.
 */
function parseLegacy(data: JsonObject, index: number): readonly StateContent[] {
  const { cdc_state: shared, streams } = data
  if (Object.keys(data).length === 0) return []
  if (!isAbsent(streams) && !Array.isArray(streams)) throw unknownLegacy(index)
  const states = (streams ?? []).map((state: JsonValue): StreamContent => {
    const { stream_name: name, stream_namespace: namespace } = isJsonObject(state) ? state : {}
    const descriptor = { name, ...(!isAbsent(namespace) && { namespace }) }
    return parseStream({ stream_descriptor: descriptor, stream_state: state }, index)
  })
  if (isJsonObject(shared)) {
    return [{ type: 'GLOBAL', global: { shared_state: shared, stream_states: states } }]
  }
  if (isAbsent(streams)) throw unknownLegacy(index)
  return states.map((stream) => ({ type: 'STREAM', stream }))
}

function parseGlobal(
  { shared_state: shared, stream_states: streams }: JsonObject,
  index: number,
): GlobalContent {
  if (!isAbsent(shared) && !isJsonObject(shared)) {
    throw malformedEntry(index, 'has a shared_state that is not an object')
  }
  if (!isAbsent(streams) && !Array.isArray(streams)) {
    throw malformedEntry(index, 'has stream_states that are not a list')
  }
  return {
    shared_state: shared ?? null,
    stream_states: (streams ?? []).map((stream) => parseStream(stream, index)),
  }
}

function parseStream(stream: JsonValue, index: number): StreamContent {
  const { stream_descriptor: descriptor, stream_state: state } = isJsonObject(stream) ? stream : {}
  if (!isJsonObject(descriptor) || typeof descriptor['name'] !== 'string') {
    throw malformedEntry(index, 'has no stream_descriptor with a name')
  }
  if (!isAbsent(state) && !isJsonObject(state)) {
    throw malformedEntry(index, 'has a stream_state that is not an object')
  }
  const { name, namespace } = descriptor
  return {
    stream_descriptor: typeof namespace === 'string' ? { name, namespace } : { name },
    stream_state: state ?? null,
  }
}

function isAbsent(value: JsonValue | undefined): value is null | undefined {
  return value === null || value === undefined
}

function unknownLegacy(index: number): ConnectorError {
  return malformedEntry(index, 'is of type LEGACY and does not list streams')
}

function malformedEntry(index: number, what: string): ConnectorError {
  return malformed(`is malformed: entry ${index + 1} ${what}`)
}

function malformed(what: string): ConnectorError {
  const message = `The state ${what}. Use the STATE messages of an earlier read, or no state to start over.`
  return new ConnectorError('config_error', message)
}

function isEmpty(raw: unknown): boolean {
  return raw === null || (isJsonObject(raw) && Object.keys(raw).length === 0)
}
