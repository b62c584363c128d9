import { isServerError, serverFailure, serverMessage } from './server-error.ts'
import type { FailureType } from './sql-state.ts'

export type { FailureType } from './sql-state.ts'

/** Node.js error codes of a connection for which a retry may succeed. */
const TRANSIENT_NODE_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** Name of the stream to which an error belongs. */
interface StreamName {
  readonly name: string
  readonly namespace?: string
}

interface ErrorOptions {
  readonly cause?: unknown
  readonly isFinal?: boolean
  readonly stream?: StreamName | null
}

/** An error that the user can act on. `message` is one sentence: what is wrong, then what to do. */
export class ConnectorError extends Error {
  readonly failureType: FailureType
  /** Whether the run ends with it without a retry, although a later run may succeed. */
  readonly isFinal: boolean
  /** The stream that ends with it; null: it does not belong to a single stream. */
  readonly stream: StreamName | null

  constructor(failureType: FailureType, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'ConnectorError'
    this.failureType = failureType
    this.isFinal = options.isFinal ?? false
    this.stream = options.stream ?? null
  }

  /**
   * Returns `error` unchanged if it is a ConnectorError; otherwise classifies it by its code and
   * keeps it as `cause`.
   */
  static from(error: unknown): ConnectorError {
    const cause = unwrap(error)
    if (cause instanceof ConnectorError) return cause
    if (isServerError(cause)) {
      return new ConnectorError(serverFailure(cause), serverMessage(cause), { cause })
    }
    const code = errorCode(cause)
    if (code !== null && TRANSIENT_NODE_CODES.has(code)) {
      const message = `The connection to the server was lost (${code}). Run the sync again.`
      return new ConnectorError('transient_error', message, { cause })
    }
    const detail = cause instanceof Error ? cause.message : String(cause)
    return new ConnectorError('system_error', `Internal error: ${detail}`, { cause })
  }

  /** Returns `error` as one that ends a stream. An error that already has a stream keeps it. */
  static ofStream({ name, namespace }: StreamName, error: unknown): ConnectorError {
    const given = ConnectorError.from(error)
    if (given.stream !== null) return given
    const stream = namespace === undefined ? { name } : { name, namespace }
    const { failureType, message, isFinal } = given
    return new ConnectorError(failureType, message, {
      cause: given.cause ?? given,
      isFinal,
      stream,
    })
  }
}

/**
 * Whether a retry may succeed. A refused connection counts, because a server refuses connections
 * while it restarts.
 */
export function isTransient(error: unknown): boolean {
  const known = ConnectorError.from(error)
  if (known.isFinal) return false
  if (known.failureType === 'transient_error') return true
  return TRANSIENT_NODE_CODES.has(errorCode(known.cause) ?? '')
}

/** Returns the `code` of a PostgreSQL or Node.js error, or null. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/**
 * Technical details of an error. For a server error: its code and its place in the server's source,
 * because its message, detail and context can contain row values. For any other error: its name and
 * message. Null: there are no details besides the message of a ConnectorError, which the user sees
 * anyway.
 */
export function describeCause(error: unknown): {
  internalMessage: string | null
  stackTrace: string
} {
  const chain: string[] = []
  let frames = ''
  for (let cause = unwrap(error); cause instanceof Error; cause = unwrap(cause.cause)) {
    if (!(cause instanceof ConnectorError)) chain.push(describeOne(cause))
    frames = (cause.stack ?? '').split('\n').filter(isFrame).join('\n')
  }
  if (!(unwrap(error) instanceof Error)) chain.push(String(error))
  return { internalMessage: chain.length === 0 ? null : chain.join(' ← '), stackTrace: frames }
}

/**
 * Returns the first error: `await using` throws a SuppressedError if its block and then the
 * disposal fail, and the error of the disposal is a consequence.
 */
function unwrap(error: unknown): unknown {
  let first = error
  while (first instanceof Error && 'suppressed' in first) first = first.suppressed
  return first
}

function describeOne(error: Error): string {
  if (!isServerError(error)) return `${error.name}: ${error.message}`
  const { code, file = '?', line = '?', routine = '?' } = error
  return `server error ${code} at ${file}:${line} (${routine})`
}

function isFrame(line: string): boolean {
  return line.startsWith('    at ')
}

/** The run has failed, and the reason is already in its output. */
export class ReportedError extends Error {
  constructor() {
    super('the failure was reported')
    this.name = 'ReportedError'
  }
}
