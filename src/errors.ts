/** Who must act: the user (`config_error`), nobody, later (`transient_error`), or we (`system_error`). */
export type FailureType = 'config_error' | 'transient_error' | 'system_error'

/**
 * SQLSTATE → failure type: all five characters first, then the two of the class.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATE_FAILURES: Readonly<Record<string, FailureType>> = {
  '08': 'transient_error' /* connection exception */,
  '22': 'config_error' /* data exception: a view or query computes what its rows do not allow */,
  '25P03': 'config_error' /* idle_in_transaction_session_timeout */,
  '25P04': 'transient_error' /* transaction_timeout */,
  '28': 'config_error' /* invalid authorization */,
  '3D': 'config_error' /* invalid catalog name: no such database */,
  '3F': 'config_error' /* invalid schema name */,
  '40': 'transient_error' /* rollback: serialization, deadlock, recovery conflict */,
  '42': 'config_error' /* syntax error or access rule violation */,
  '53': 'transient_error' /* insufficient resources */,
  '55': 'config_error' /* object not in prerequisite state */,
  '55P03': 'transient_error' /* lock not available */,
  '57': 'transient_error' /* operator intervention */,
  '57P04': 'config_error' /* database dropped */,
  '58': 'transient_error' /* system error outside PostgreSQL: I/O */,
}

/** By SQLSTATE or its class, what the reader can do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  '22': 'A view, a domain or the query computes what some row does not allow: mend it',
  '22P05': 'Some character has no form in UTF-8: find and mend it, or leave its column out',
  '25P03': 'Raise idle_in_transaction_session_timeout for the role',
  '25P04': 'Raise transaction_timeout for the role, or run the sync again',
  '3F000': 'Check schemas',
  '40001':
    'On a standby, raise max_standby_streaming_delay or turn hot_standby_feedback on; run the sync again',
  '40P01': 'Run the sync again',
  '42501': 'GRANT what is missing to the role',
  '42703': 'It changed while the sync ran: refresh the catalog and run it again',
  '42P01': 'It changed while the sync ran: refresh the catalog and run it again',
  '53100': 'Make room on the disk of the server',
  '53200': 'The server is out of memory: run the sync again',
  '53300': 'Raise max_connections or the limit of the role, and run the sync again',
  '53400': 'Raise temp_file_limit, or give the cursor an index, and run the sync again',
  '55P03': 'Somebody holds a lock on it: run the sync again',
  '57014': 'It was cancelled, or took longer than statement_timeout: run the sync again',
  '57P01': 'Run the sync again',
  '57P02': 'The server crashed and restarts: run the sync again',
  '57P03': 'The server starts, stops or recovers: run the sync again',
  '58': 'Look at the log of the server',
}

/** Node.js error codes of a connection that may work when tried again. */
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

/**
 * Classes whose server message names only objects, roles and limits, so that a user may read it.
 * Messages of other classes (22, 23, …) can quote row values and are never shown.
 */
const SHOWN_SQLSTATE = /^(08|25|28|3D|3F|40|42501|42703|42704|42809|42883|42P|53|55|57|0A)/

/** An error that its reader can act on. `message` is one sentence: what is wrong, then what to do. */
export class ConnectorError extends Error {
  readonly failureType: FailureType
  /** The run ends with it, although a later one may succeed. */
  readonly isFinal: boolean

  constructor(
    failureType: FailureType,
    message: string,
    options?: { cause?: unknown; isFinal?: boolean },
  ) {
    super(message, options)
    this.name = 'ConnectorError'
    this.failureType = failureType
    this.isFinal = options?.isFinal ?? false
  }

  /** `error` itself if it is one already; otherwise classified by its code, kept as `cause`. */
  static from(error: unknown): ConnectorError {
    if (error instanceof ConnectorError) return error
    const code = errorCode(error)
    if (code !== null && isSqlState(code)) {
      return new ConnectorError(sqlStateFailure(code), serverMessage(error, code), { cause: error })
    }
    if (code !== null && TRANSIENT_NODE_CODES.has(code)) {
      const message = `The connection to the server was lost (${code}). Run the sync again.`
      return new ConnectorError('transient_error', message, { cause: error })
    }
    const detail = error instanceof Error ? error.message : String(error)
    return new ConnectorError('system_error', `Internal error: ${detail}`, { cause: error })
  }
}

/** Whether the same work may succeed a little later; a refused connection counts, since a server that restarts refuses. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectorError && error.isFinal) return false
  if (ConnectorError.from(error).failureType === 'transient_error') return true
  const cause = error instanceof ConnectorError ? error.cause : null
  return TRANSIENT_NODE_CODES.has(errorCode(cause) ?? '')
}

/** The `code` of a PostgreSQL or Node.js error, or null. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/**
 * What may be told about a cause: for a server error its code and place in the server's source, since
 * its message, detail and context can carry row values; for any other error its name and message.
 */
export function describeCause(error: unknown): { internalMessage: string; stackTrace: string } {
  const chain: string[] = []
  let frames = ''
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    chain.push(describeOne(cause))
    frames = (cause.stack ?? '').split('\n').filter(isFrame).join('\n')
  }
  return { internalMessage: chain.join(' ← ') || String(error), stackTrace: frames }
}

function describeOne(error: Error): string {
  const code = errorCode(error)
  if (code === null || !isSqlState(code)) return `${error.name}: ${error.message}`
  const [file, line, routine] = ['file', 'line', 'routine'].map((field) => textOf(error, field))
  return `server error ${code} at ${file}:${line} (${routine})`
}

function textOf(error: Error, field: string): string {
  const value: unknown = Reflect.get(error, field)
  return typeof value === 'string' ? value : '?'
}

function isFrame(line: string): boolean {
  return line.startsWith('    at ')
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !TRANSIENT_NODE_CODES.has(code)
}

function sqlStateFailure(code: string): FailureType {
  return SQLSTATE_FAILURES[code] ?? SQLSTATE_FAILURES[code.slice(0, 2)] ?? 'system_error'
}

function serverMessage(error: unknown, code: string): string {
  const remedy = REMEDIES[code] ?? REMEDIES[code.slice(0, 2)]
  const advice = remedy === undefined ? '' : ` ${remedy}.`
  if (!SHOWN_SQLSTATE.test(code)) {
    return `The server refused the query with SQLSTATE ${code}.${advice}`
  }
  const message = error instanceof Error ? error.message : String(error)
  return `The server says: ${message} (SQLSTATE ${code}).${advice}`
}
