import type { Config } from '../../config/config.ts'
import { ConnectorError, errorCode, type FailureType, isTransient } from '../../errors.ts'
import type { Encryption } from './tls/encryption.ts'
import type { ServerFacts } from './server-facts.ts'
import { elapsedSeconds } from './deadline.ts'
import { explainTls } from './tls/tls-error.ts'

/** Facts about a failed connection attempt. */
export interface Attempt {
  readonly encryption: Encryption
  /** Number of connections of the pool. */
  readonly held: number
  /** Null: it was the first connection. */
  readonly server: ServerFacts | null
}

type Explain = (config: Config, attempt: Attempt, error: unknown) => string

/** Explanation and remedy of a failed connection attempt, by Node.js code or SQLSTATE. */
const EXPLANATIONS: Readonly<Record<string, { type: FailureType; explain: Explain }>> = {
  ECONNREFUSED: {
    type: 'config_error',
    explain: ({ host, port }) =>
      `connection to "${host}", port ${port}, was refused. Check host and port, and that the server runs and accepts TCP connections (listen_addresses).`,
  },
  ENOTFOUND: {
    type: 'config_error',
    explain: ({ host }) => `host "${host}" is unknown. Check the host name.`,
  },
  EAI_AGAIN: {
    type: 'transient_error',
    explain: ({ host }) =>
      `host "${host}" could not be looked up: DNS reports a temporary failure. Check DNS and try again.`,
  },
  ETIMEDOUT: {
    type: 'config_error',
    explain: ({ host, port, connectTimeoutMs }, _attempt, error) =>
      `"${host}", port ${port}, did not answer within ${elapsedSeconds(error, connectTimeoutMs)} s. Check host, port and firewall, or raise connect_timeout.`,
  },
  EHOSTUNREACH: {
    type: 'config_error',
    explain: ({ host }) => `host "${host}" cannot be reached. Check the network and the host name.`,
  },
  ENETUNREACH: {
    type: 'config_error',
    explain: ({ host }) => `the network of "${host}" cannot be reached. Check the network.`,
  },
  ECONNRESET: {
    type: 'transient_error',
    explain: ({ host, port }) =>
      `"${host}", port ${port}, closed the connection. Check that it is a PostgreSQL server, and try again.`,
  },
  '28P01': {
    type: 'config_error',
    explain: ({ username, entra }) =>
      entra === null
        ? `password authentication failed for user "${username}". Check username and password.`
        : `Microsoft Entra issued a token, but the server does not accept it for user "${username}". Check that username is the name under which the service principal is a role of the server, and that the server allows Microsoft Entra authentication.`,
  },
  '28000': {
    type: 'config_error',
    explain: (config, { encryption }) =>
      `the server does not allow user "${config.username}" to connect to database "${config.database}" from this address, ${describeEncryption(config, encryption)}. Check username, ssl_mode and pg_hba.conf.`,
  },
  '3D000': {
    type: 'config_error',
    explain: ({ database }) => `database "${database}" does not exist. Check database.`,
  },
  '42501': {
    type: 'config_error',
    explain: ({ username, database, serverOptions }) =>
      `user "${username}" lacks the CONNECT privilege on database "${database}". Run GRANT CONNECT ON DATABASE.${
        serverOptions === null
          ? ''
          : ' Otherwise the user may not change a setting in the options of jdbc_url_params: take it out.'
      }`,
  },
  '53300': {
    type: 'transient_error',
    explain: ({ username, maxConnections }, { held, server }) =>
      `the server has no free connection: the sync has ${held} and needs up to ${maxConnections} (max_connections of the config)${describeLimits(server)}. Raise max_connections of the server or the limit of role "${username}" (ALTER ROLE … CONNECTION LIMIT), or lower max_connections of the config.`,
  },
  '08P01': {
    type: 'transient_error',
    explain: ({ host, port, database, username }) =>
      `"${host}", port ${port}, rejected the connection with a protocol violation. If a pooler such as PgBouncer listens there, check that database "${database}" and user "${username}" are in its configuration and that it can connect to the server, and take options out of jdbc_url_params.`,
  },
  '57P03': {
    type: 'transient_error',
    explain: () => 'the server is starting up or shutting down. Try again in a moment.',
  },
}

/** SQLSTATEs of a setting that the server does not have, or that cannot have the value or be set. */
const SETTING_SQLSTATES: ReadonlySet<string> = new Set(['42601', '42704', '22023', '55P02'])

/**
 * Error of a failed connection attempt, with its cause and remedy. A server that cannot be reached
 * is a config_error only until a connection has succeeded.
 */
export function connectionError(error: unknown, config: Config, attempt: Attempt): ConnectorError {
  const code = errorCode(error) ?? ''
  const known = EXPLANATIONS[code]
  const isLost = attempt.server !== null && isTransient(error)
  if (known !== undefined) {
    const type = isLost ? 'transient_error' : known.type
    return failed(type, known.explain(config, attempt, error), error)
  }
  if (config.serverOptions !== null && SETTING_SQLSTATES.has(code)) {
    const text = `the server rejected a setting in the options of jdbc_url_params (SQLSTATE ${code}). Correct its name or value.`
    return failed('config_error', text, error)
  }
  const tls = explainTls(error, code, config)
  if (tls !== null) return failed('config_error', tls, error)
  const other = ConnectorError.from(error)
  const type = isLost ? 'transient_error' : other.failureType
  return failed(type, other.message, other.cause ?? error)
}

function failed(type: FailureType, text: string, cause: unknown): ConnectorError {
  return new ConnectorError(type, `Failed to create connection pool: ${text}`, { cause })
}

function describeLimits(server: ServerFacts | null): string {
  if (server === null) return ''
  const { maxConnections, roleLimit, databaseLimit } = server
  const limits = [`the server has ${maxConnections} for all clients`]
  if (roleLimit !== null) limits.push(`the role may have ${roleLimit}`)
  if (databaseLimit !== null) limits.push(`the database ${databaseLimit}`)
  return `; ${limits.join(', ')}`
}

function describeEncryption({ ssl }: Config, encryption: Encryption): string {
  if (encryption === 'plain') return 'without TLS'
  return `with TLS and ${ssl.clientCertificate === null ? 'no' : 'a'} client certificate`
}
