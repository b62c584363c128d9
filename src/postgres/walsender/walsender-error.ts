import { ConnectorError, errorCode, type FailureType } from '../../errors.ts'
import type { Config } from '../../config/config.ts'
import type { LogOptions } from './start-replication.ts'

/** SQLSTATE for a slot from which another process reads. */
const SLOT_IN_USE = '55006'

/** undefined_function: an element of an array or composite type has no send function */
const NO_BINARY_FORM = '42883'

interface Explanation {
  readonly type: FailureType
  readonly text: string
}

/**
 * Whether `error` means that another process reads from the slot. This may be a previous sync that
 * has not ended yet.
 */
export function isSlotInUse(error: unknown): boolean {
  return error instanceof ConnectorError && errorCode(error.cause) === SLOT_IN_USE
}

/**
 * A column of the log has no binary form, or an unknown one, so the log can only be read in text
 * form.
 */
export class BinaryFormError extends ConnectorError {
  constructor(reason: string, cause?: unknown) {
    super('transient_error', `${reason}. The log is read in text form.`, { cause })
  }
}

/** Error of an attempt to open a replication connection, or of its first command. */
export function openingError(error: unknown, config: Config): ConnectorError | null {
  const explanation = explainOpening(errorCode(error) ?? '', config)
  return explanation === null ? null : explained(explanation, error)
}

/** Error of a server that rejected the request for the log, or ended the stream. */
export function streamingError(
  error: Error,
  options: LogOptions,
  isStreaming: boolean,
): ConnectorError {
  const code = errorCode(error) ?? ''
  if (isStreaming && code === NO_BINARY_FORM) return noBinaryForm(error, options)
  const explanation = isStreaming ? explainStream(code, options) : explainStart(code, options)
  return explanation === null ? ConnectorError.from(error) : explained(explanation, error)
}

/**
 * `{server}` is the server's message. In the following cases, it contains only names of slots,
 * publications and tables, and limits.
 */
function explained({ type, text }: Explanation, cause: unknown): ConnectorError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ConnectorError(type, text.replace('{server}', reason), { cause })
}

function explainOpening(code: string, { username, host, port }: Config): Explanation | null {
  switch (code) {
    case '42501' /* insufficient_privilege */:
      return {
        type: 'config_error',
        text:
          `User "${username}" may not read the log: it lacks the REPLICATION attribute. Run ALTER ROLE "${username}" REPLICATION; ` +
          `on Amazon RDS and Aurora, GRANT rds_replication TO "${username}".`,
      }
    case '08P01' /* protocol_violation */:
    case '42601' /* syntax_error: a pooler has dropped the start-up parameter, and IDENTIFY_SYSTEM is not SQL */:
      return {
        type: 'config_error',
        text: `"${host}", port ${port}, does not open replication connections: it is a pooler. Set host and port to those of the server itself.`,
      }
    case '53300' /* too_many_connections */:
      return {
        type: 'transient_error',
        text: 'The server has no connection left that reads the log ({server}). Raise max_wal_senders or end other replication connections, and run the sync again.',
      }
    default:
      return null
  }
}

function explainStart(code: string, { slot }: LogOptions): Explanation | null {
  switch (code) {
    case SLOT_IN_USE:
      return {
        type: 'transient_error',
        text: `Replication slot "${slot}" is in use ({server}). A slot has one reader: end the other one, or use another slot.`,
      }
    case '42704' /* undefined_object */:
      return {
        type: 'config_error',
        text: `Replication slot "${slot}" does not exist. Run SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput') and refresh the connection.`,
      }
    case '22023' /* invalid_parameter_value: another plugin does not have the options */:
      return {
        type: 'config_error',
        text: `Replication slot "${slot}" was not created with the plugin pgoutput. Use another slot, or drop and create it.`,
      }
    case '55000' /* object_not_in_prerequisite_state: lost, physical, of another database, or wal_level */:
    case '58P01' /* undefined_file: a segment of the log was removed */:
      return {
        type: 'config_error',
        text: `Replication slot "${slot}" cannot be read: {server}. If its log is lost, drop the slot, create it again and refresh the connection; raise max_slot_wal_keep_size or sync more often.`,
      }
    case '0A000' /* feature_not_supported */:
      return {
        type: 'config_error',
        text: 'The server cannot read its log: {server}. Before PostgreSQL 16 a standby cannot; set host to the primary.',
      }
    default:
      return null
  }
}

function noBinaryForm(error: Error, { publications }: LogOptions): BinaryFormError {
  const reason = `A table of publication ${shown(publications)} has a column without binary form (${error.message})`
  return new BinaryFormError(reason, error)
}

function shown(publications: readonly string[]): string {
  return publications.map((name) => `"${name}"`).join(', ')
}

function explainStream(code: string, { publications, slot }: LogOptions): Explanation | null {
  const names = shown(publications)
  switch (code) {
    case '42704' /* undefined_object: the server reads the catalog as of the time of the change */:
      return {
        type: 'config_error',
        text: `Publication ${names} does not exist, or is younger than the position of replication slot "${slot}". Create the publication first, then the slot, and refresh the connection.`,
      }
    case '0A000' /* feature_not_supported */:
      return {
        type: 'config_error',
        text: `Publication ${names} cannot be read: {server}. Use one column list for each table.`,
      }
    case '55000' /* object_not_in_prerequisite_state */:
    case '58P01' /* undefined_file */:
      return {
        type: 'config_error',
        text: `Replication slot "${slot}" was lost while it was read: {server}. Drop the slot, create it again and refresh the connection; raise max_slot_wal_keep_size.`,
      }
    default:
      return null
  }
}
