import { hasParameter, withParameter } from './aliases.ts'
import type { Values } from './values.ts'

/** JDBC parameter → parameter of the config, which takes precedence if it is given. */
const MAPPED = new Map(
  Object.entries({
    connectTimeout: 'connect_timeout',
    loginTimeout: 'connect_timeout',
    socketTimeout: 'timeout_seconds',
    ApplicationName: 'application_name',
    options: 'server_options',
    sslrootcert: 'ssl_mode.ca_certificate',
    sslcert: 'ssl_mode.client_certificate',
    sslkey: 'ssl_mode.client_key',
    sslpassword: 'ssl_mode.client_key_password',
  }),
)

/** Parameters that the connector sets itself, from these parameters. */
const RESERVED = new Map(
  Object.entries({
    currentSchema: 'schemas',
    user: 'username',
    password: 'password',
    ssl: 'ssl_mode',
    sslmode: 'ssl_mode',
  }),
)

/** Values that describe the behaviour anyway; other values are ignored. */
const FULFILLED = new Map(
  Object.entries({
    tcpKeepAlive: 'true',
    prepareThreshold: '0',
    readOnly: 'true',
  }),
)

/** JDBC's value for no timeout, which the connector does not support. */
const ENDLESS = '0'

/** Values after `jdbc_url_params` were applied, and warnings with names, without values. */
export interface JdbcValues {
  readonly values: Values
  readonly warnings: readonly string[]
  /** Parameter → the name that the user wrote. */
  readonly writtenAs: ReadonlyMap<string, string>
}

/**
 * Applies the supported parameters of `jdbc_url_params` to `values`, whose names are canonical.
 * https://jdbc.postgresql.org/documentation/use/#connection-parameters
 */
export function applyJdbcParams(given: Values): JdbcValues {
  const warnings: string[] = []
  const writtenAs = new Map<string, string>()
  let values = given
  for (const [name, value] of pairsOf(given['jdbc_url_params'], warnings)) {
    const parameter = MAPPED.get(name)
    if (FULFILLED.get(name) === value) continue
    const reason = reasonToIgnore(name, value, values)
    if (reason !== null) warnings.push(`'${name}' of jdbc_url_params is ignored: ${reason}.`)
    else if (parameter !== undefined) {
      values = withParameter(values, parameter, value)
      writtenAs.set(parameter, `jdbc_url_params ${name}`)
    }
  }
  return { values, warnings, writtenAs }
}

/**
 * Returns decoded pairs. A malformed pair is reported by its position, because it may be a secret
 * that was not encoded.
 */
function pairsOf(text: unknown, warnings: string[]): (readonly [name: string, value: string])[] {
  if (typeof text !== 'string') return []
  return text.split('&').flatMap((pair, index) => {
    if (pair.trim() === '') return []
    const equals = pair.indexOf('=')
    const value = equals > 0 ? decoded(pair.slice(equals + 1)) : null
    if (value !== null) return [[pair.slice(0, equals).trim(), value] as const]
    warnings.push(
      `Part ${index + 1} of jdbc_url_params is ignored: it is not a URL-encoded key=value.`,
    )
    return []
  })
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

function reasonToIgnore(name: string, value: string, values: Values): string | null {
  const reserved = RESERVED.get(name)
  if (reserved !== undefined) return `use ${reserved} of the config`
  const parameter = MAPPED.get(name)
  if (parameter === undefined) return 'it has no meaning for this connector'
  if (hasParameter(values, parameter)) return `${parameter} is given, too`
  if (value === ENDLESS && name.endsWith('Timeout')) return 'there is always a timeout'
  return null
}
