import { Ajv } from 'ajv'
import protocol from './airbyte_protocol.json' with { type: 'json' }

/** JSON with a shape that only the test determines. */
export type Json = Record<string, unknown>

/** A stream of the discovered catalog, with the fields that tests use. */
export interface CatalogStream {
  readonly name: string
  readonly namespace?: string
  readonly json_schema: { readonly properties: Readonly<Record<string, Json>> } & Json
  readonly supported_sync_modes: readonly string[]
  readonly source_defined_cursor?: boolean
  readonly default_cursor_field?: readonly string[]
  readonly source_defined_primary_key?: readonly (readonly string[])[]
  readonly is_resumable?: boolean
}

/** The discovered catalog. */
export interface Catalog {
  readonly streams: readonly CatalogStream[]
}

/** A record of a stream; numbers beyond 2^53 are only exact in `lineOf(message)`. */
export interface RecordMessage {
  readonly stream: string
  readonly namespace?: string
  readonly data: Json
  readonly emitted_at: number
  readonly meta?: { readonly changes?: readonly Json[] } & Json
}

/** A checkpoint; `--state` accepts a list of these. */
export interface StateMessage {
  readonly type: string
  readonly stream?: {
    readonly stream_descriptor: { readonly name: string; readonly namespace?: string }
    readonly stream_state?: Json
  }
  readonly global?: Json
  readonly sourceStats?: { readonly recordCount: number }
}

/** A LOG; `health` is an additional key of this connector. */
export interface LogMessage {
  readonly level: string
  readonly message: string
  readonly health?: Json
}

/** An error, an estimate or a stream status. */
export interface TraceMessage {
  readonly type: string
  readonly emitted_at: number
  readonly error?: {
    readonly message: string
    readonly internal_message?: string
    readonly stack_trace?: string
    readonly failure_type?: string
    readonly stream_descriptor?: { readonly name: string; readonly namespace?: string }
  }
  readonly estimate?: Json
  readonly stream_status?: {
    readonly stream_descriptor: { readonly name: string; readonly namespace?: string }
    readonly status: string
    readonly reasons?: readonly Json[]
  }
}

/** One line of the connector's output: it has the key that `type` indicates. */
export interface Message {
  readonly type: string
  readonly record?: RecordMessage
  readonly state?: StateMessage
  readonly log?: LogMessage
  readonly trace?: TraceMessage
  readonly catalog?: Catalog
  readonly connectionStatus?: { readonly status: string; readonly message?: string }
  readonly spec?: Json
}

/** How to configure a discovered catalog. */
export interface CatalogChoice {
  /** Default `full_refresh`. */
  readonly syncMode?: 'full_refresh' | 'incremental'
  readonly cursorField?: string | readonly string[]
  /** `name` or `namespace.name` of the streams to keep; default: all. */
  readonly streams?: readonly string[]
}

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema(protocol, 'protocol')
const isMessage = ajv.compile({ $ref: 'protocol#/definitions/AirbyteMessage' })
const linesByMessage = new WeakMap<Message, string>()

/** @throws Error with every violation of the protocol's schema. */
export function validateMessage(message: unknown): asserts message is Message {
  if (isMessage(message)) return
  const line = JSON.stringify(message).slice(0, 500)
  throw new Error(`Not a protocol message: ${ajv.errorsText(isMessage.errors)}\n${line}`)
}

/** @throws Error if `line` is not JSON or not a protocol message. */
export function parseMessage(line: string): Message {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch (error) {
    throw new Error(`Not a JSON line on stdout: ${line.slice(0, 500)}`, { cause: error })
  }
  validateMessage(message)
  linesByMessage.set(message, line)
  return message
}

/** The line from which a message was parsed, with all digits. */
export function lineOf(message: Message): string {
  const line = linesByMessage.get(message)
  if (line === undefined) throw new Error('This message was not parsed from a line')
  return line
}

/**
 * Rows of a stream, given as `name` or `namespace.name`, in the order in which they were received.
 */
export function recordsOf(messages: readonly Message[], stream: string): Json[] {
  return messages
    .flatMap(({ record }) => record ?? [])
    .filter((record) => isNamed(stream, record.stream, record.namespace))
    .map(({ data }) => data)
}

/** The last state of each stream (or the last global one), as a platform passes it as `--state`. */
export function lastStates(messages: readonly Message[]): StateMessage[] {
  const last = new Map<string, StateMessage>()
  for (const { state } of messages) {
    if (state === undefined) continue
    const { namespace, name } = state.stream?.stream_descriptor ?? {}
    last.set(JSON.stringify([state.type, namespace, name]), state)
  }
  return [...last.values()]
}

/** A configured catalog with the same choice for every stream. */
export function configuredCatalog(catalog: Catalog, choice: CatalogChoice = {}): Json {
  const { syncMode = 'full_refresh', cursorField = [], streams } = choice
  const chosen = catalog.streams.filter(
    ({ name, namespace }) => streams?.some((wanted) => isNamed(wanted, name, namespace)) ?? true,
  )
  if (streams !== undefined && chosen.length !== streams.length) {
    throw new Error(`Not all of ${streams.join(', ')} are in the catalog`)
  }
  return {
    streams: chosen.map((stream) => ({
      stream,
      sync_mode: syncMode,
      destination_sync_mode: 'append',
      cursor_field: typeof cursorField === 'string' ? [cursorField] : cursorField,
      primary_key: stream.source_defined_primary_key ?? [],
    })),
  }
}

function isNamed(wanted: string, name: string, namespace?: string): boolean {
  return wanted === name || wanted === `${namespace}.${name}`
}
