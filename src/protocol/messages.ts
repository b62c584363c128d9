import { type ConnectorError, describeCause, type FailureType } from '../errors.ts'
import { type JsonObject, JsonNumber, stringifyExact } from '../json/json.ts'

export type LogLevel = 'FATAL' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE'
export type SyncMode = 'full_refresh' | 'incremental'
export type StreamStatus = 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE'

/** Name of a stream. PostgreSQL's schema is Airbyte's namespace. */
export interface StreamDescriptor {
  readonly name: string
  readonly namespace?: string
}

/** A stream in the discovered catalog. */
export interface AirbyteStream {
  readonly name: string
  readonly namespace?: string
  readonly json_schema: JsonObject
  readonly supported_sync_modes: readonly SyncMode[]
  readonly source_defined_cursor: boolean
  readonly default_cursor_field: readonly string[]
  readonly source_defined_primary_key: readonly (readonly string[])[]
  readonly is_resumable: boolean
  /** An extra key that protocol readers ignore. */
  readonly arrow_schema?: JsonObject
}

/** A stream of the configured catalog, without the fields that the connector does not use. */
export interface ConfiguredStream {
  readonly stream: Pick<AirbyteStream, 'name' | 'namespace' | 'json_schema'>
  readonly sync_mode: SyncMode
  readonly cursor_field: readonly string[]
  readonly primary_key: readonly (readonly string[])[]
}

export type Message =
  | { readonly type: 'SPEC'; readonly spec: JsonObject }
  | {
      readonly type: 'CONNECTION_STATUS'
      readonly connectionStatus: {
        readonly status: 'SUCCEEDED' | 'FAILED'
        readonly message?: string
      }
    }
  | { readonly type: 'CATALOG'; readonly catalog: { readonly streams: readonly AirbyteStream[] } }
  | StateMessage
  | { readonly type: 'LOG'; readonly log: LogMessage }
  | { readonly type: 'TRACE'; readonly trace: TraceMessage }

interface LogMessage {
  readonly level: LogLevel
  readonly message: string
  /** The same facts as an object. Protocol readers ignore this additional key. */
  readonly health?: JsonObject
}

/** The states of all streams that share a position. */
export interface GlobalContent {
  readonly shared_state: JsonObject | null
  readonly stream_states: readonly {
    readonly stream_descriptor: StreamDescriptor
    readonly stream_state: JsonObject | null
  }[]
}

/** Content of a STATE: of one stream, or of all streams that share a position. */
export type StateContent =
  | {
      readonly type: 'STREAM'
      readonly stream: {
        readonly stream_descriptor: StreamDescriptor
        readonly stream_state: JsonObject | null
      }
    }
  | { readonly type: 'GLOBAL'; readonly global: GlobalContent }

export interface StateMessage {
  readonly type: 'STATE'
  readonly state: StateContent & {
    /** With a decimal point, because the protocol defines a double. */
    readonly sourceStats: { readonly recordCount: JsonNumber }
  }
}

type TraceMessage = { readonly emitted_at: number } & (
  | {
      readonly type: 'ERROR'
      readonly error: {
        readonly failure_type: FailureType
        readonly message: string
        readonly internal_message?: string
        readonly stack_trace: string
        readonly stream_descriptor?: StreamDescriptor
      }
    }
  | {
      readonly type: 'ESTIMATE'
      readonly estimate: {
        readonly type: 'STREAM'
        readonly name: string
        readonly namespace?: string
        readonly row_estimate: number
        readonly byte_estimate: number
      }
    }
  | {
      readonly type: 'STREAM_STATUS'
      readonly stream_status: {
        readonly stream_descriptor: StreamDescriptor
        readonly status: StreamStatus
      }
    }
)

/** A LOG message. `health` is an additional key with the same facts as an object. */
export function logMessage(level: LogLevel, message: string, health?: JsonObject): Message {
  return {
    type: 'LOG',
    log: health === undefined ? { level, message } : { level, message, health },
  }
}

/** A TRACE with the status of a stream. */
export function streamStatus(
  descriptor: StreamDescriptor,
  status: StreamStatus,
  emittedAtMs: number,
): Message {
  return {
    type: 'TRACE',
    trace: {
      type: 'STREAM_STATUS',
      emitted_at: emittedAtMs,
      stream_status: { stream_descriptor: descriptor, status },
    },
  }
}

/** A TRACE with the estimated rows and bytes of a stream, from the statistics. */
export function streamEstimate(
  descriptor: StreamDescriptor,
  estimate: { rows: number; bytes: number },
  emittedAtMs: number,
): Message {
  return {
    type: 'TRACE',
    trace: {
      type: 'ESTIMATE',
      emitted_at: emittedAtMs,
      estimate: {
        type: 'STREAM',
        ...descriptor,
        row_estimate: estimate.rows,
        byte_estimate: estimate.bytes,
      },
    },
  }
}

/** The content of a STATE of one stream. */
export function streamState(descriptor: StreamDescriptor, state: JsonObject): StateContent {
  return { type: 'STREAM', stream: { stream_descriptor: descriptor, stream_state: state } }
}

/**
 * A STATE. `recordCount` is the number of records of its stream or streams since their previous
 * STATE.
 */
export function stateMessage(content: StateContent, recordCount: number): StateMessage {
  const sourceStats = { recordCount: new JsonNumber(`${recordCount}.0`) }
  return { type: 'STATE', state: { ...content, sourceStats } }
}

/** The line of a message, without its line feed. */
export function serializeMessage(message: Message): string {
  return message.type === 'STATE' ? stringifyExact(message) : JSON.stringify(message)
}

/** A TRACE for a failed run: the error and its failure type. */
export function errorTrace(error: ConnectorError, emittedAtMs: number): Message {
  const { internalMessage, stackTrace } = describeCause(error)
  return {
    type: 'TRACE',
    trace: {
      type: 'ERROR',
      emitted_at: emittedAtMs,
      error: {
        failure_type: error.failureType,
        message: error.message,
        ...(internalMessage !== null && { internal_message: internalMessage }),
        stack_trace: stackTrace,
        ...(error.stream !== null && { stream_descriptor: error.stream }),
      },
    },
  }
}
