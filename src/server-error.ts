import { type FailureType, ruleOf } from './sql-state.ts'

/**
 * Matches routines whose errors can have any SQLSTATE and a text that is not PostgreSQL's own:
 * RAISE and similar statements in procedural languages, and errors that postgres_fdw and dblink
 * forward.
 */
const FOREIGN_ROUTINES =
  /^(exec_stmt_raise|PLy_\w+|plperl_\w+|throw_tcl_error|pgfdw_report\w*|dblink_res_error)$/

/** An error that pg creates for an ErrorResponse. */
export interface ServerError extends Error {
  readonly code: string
  readonly position?: string
  readonly file?: string
  readonly line?: string
  readonly routine?: string
}

/**
 * Whether an error came from the server. Node.js also has codes of five capitals, such as EPERM,
 * but no severity.
 */
export function isServerError(error: unknown): error is ServerError {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return false
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
}

/** Failure type of a server error. */
export function serverFailure({ code }: ServerError): FailureType {
  return ruleOf(code, 'type') ?? 'system_error'
}

/** Text of a server error: its message, if it may be shown, its SQLSTATE, and the remedy. */
export function serverMessage(error: ServerError): string {
  const { code } = error
  const remedy = ruleOf(code, 'remedy')
  return `${serverStatement(error)}${remedy === undefined ? '' : ` ${remedy}.`}`
}

/** Text of a server error: its message, if it may be shown, and its SQLSTATE. */
export function serverStatement(error: ServerError): string {
  const { code, message } = error
  if (!isShown(error)) return `The server rejected the query with SQLSTATE ${code}.`
  const [firstLine] = message.split('\n')
  return `The server reported: ${firstLine} (SQLSTATE ${code}).`
}

function isShown({ code, position, routine = '' }: ServerError): boolean {
  const display = ruleOf(code, 'message') ?? 'hidden'
  const mayShow = display === 'shown' || (display === 'parsed' && position !== undefined)
  return mayShow && !FOREIGN_ROUTINES.test(routine)
}
