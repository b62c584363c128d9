import { ConnectorError } from '../errors.ts'
import { type CanonicalValues, resolveAliases } from './aliases.ts'
import { coerceParameters, expandShorthand } from './coerce.ts'
import type { CdcConfig, Config, EntraConfig, SslConfig, TunnelConfig } from './config.ts'
import { unexpanded } from './expand-env.ts'
import { normalizeHost } from './host.ts'
import { applyJdbcParams } from './jdbc-params.ts'
import { needsNoCursor, ruleProblems } from './rules.ts'
import { CONFIG_SCHEMA, parametersOf } from './schema.ts'
import { unknownKeys } from './unknown-keys.ts'
import type { ValidCdc, ValidMethod, ValidSsl, ValidTunnel, ValidValues } from './valid-values.ts'
import { validate } from './validation/validate.ts'
import { parseSshHostKeys } from './ssh-host-key.ts'
import { isValues, type Values, withoutBlanks } from './values.ts'

const MS_PER_HOUR = 3_600_000

/** A config, and warnings without any values. */
export interface ParsedConfig {
  readonly config: Config
  readonly warnings: readonly string[]
}

/**
 * Parses the content of a config file: resolves aliases, adds defaults, validates against
 * spec.json, and freezes the result. Unknown keys cause a warning.
 * @throws ConnectorError config_error with all problems, without any values.
 */
export function parseConfig(raw: unknown): ParsedConfig {
  if (!isValues(raw)) throw new ConnectorError('config_error', 'The config must be a JSON object')
  // Only jdbc_url_params may set it: it is not a parameter of the config
  const { server_options: _, ...known } = withoutBlanks(raw)
  const canonical = resolveAliases(expandShorthands(known))
  const jdbc = applyJdbcParams(canonical.values)
  const references = unexpanded(known)
  const warnings = [
    ...canonical.warnings,
    ...jdbc.warnings,
    ...unknownKeys(canonical.values),
    ...references,
  ]
  const given = withSslMode(jdbc.values, known)
  const coerced = coerceParameters(given, CONFIG_SCHEMA)
  const complete = withSyncMode(withEntraTls(coerced, given), given)
  const nameOf = (path: string) => jdbc.writtenAs.get(path) ?? canonical.writtenAs.get(path) ?? path
  const { valid, problems } = validate(complete, nameOf)
  const allProblems = [...problems, ...ruleProblems(complete, nameOf)]
  if (valid === null || allProblems.length > 0) {
    throw new ConnectorError('config_error', [...allProblems, ...references].join('; '))
  }
  const { ssl, ignored } = toSsl(valid.ssl_mode)
  const schemas = selectsAllSchemas(raw, canonical.values) ? [] : valid.schemas
  const maxConnections = valid.max_connections + spareConnections(canonical)
  const config = freeze({ ...toConfig(valid, ssl), schemas, maxConnections })
  return { config, warnings: [...warnings, ...ignored] }
}

/** An empty list is a choice: without the parameter, its default is used. */
function selectsAllSchemas(raw: Values, given: Values): boolean {
  return Array.isArray(raw['schemas']) && !Object.hasOwn(given, 'schemas')
}

/**
 * `max_db_connections` is the number of connections that read, as in the official connector, whose
 * pool has one more.
 */
function spareConnections({ writtenAs }: CanonicalValues): number {
  return writtenAs.get('max_connections') === 'max_db_connections' ? 1 : 0
}

/** Certificates given under other names do not set the mode; it is then the default. */
function withSslMode(values: Values, given: Values): Values {
  const { ssl_mode: ssl } = values
  const isGuessable = !Object.hasOwn(given, 'ssl_mode') && isValues(ssl)
  if (!isGuessable || Object.hasOwn(ssl, 'mode')) return values
  return { ...values, ssl_mode: { ...ssl, mode: CONFIG_SCHEMA.properties?.['ssl_mode']?.default } }
}

/** The default mode allows a connection without TLS, which would expose a token. */
function withEntraTls(values: Values, given: Values): Values {
  const isDefault = !Object.hasOwn(given, 'ssl_mode')
  const isEntra = values['entra_service_principal_auth'] === true
  return isDefault && isEntra ? { ...values, ssl_mode: { mode: 'require' } } : values
}

/** A method that needs no cursor is chosen for incremental syncs. */
function withSyncMode(values: Values, given: Values): Values {
  const isDefault = !Object.hasOwn(given, 'sync_mode')
  return isDefault && needsNoCursor(values['replication_method'])
    ? { ...values, sync_mode: 'incremental' }
    : values
}

function expandShorthands(values: Values): Values {
  const expanded = parametersOf(CONFIG_SCHEMA)
    .filter(([name]) => Object.hasOwn(values, name))
    .map(([name, parameter]) => [name, expandShorthand(values[name], parameter)] as const)
  return { ...values, ...Object.fromEntries(expanded) }
}

function toConfig(values: ValidValues, ssl: SslConfig): Config {
  return {
    host: normalizeHost(values.host),
    port: values.port,
    database: values.database,
    username: values.username,
    password: values.password,
    entra: toEntra(values),
    schemas: values.schemas,
    table: values.table ?? null,
    query: values.query ?? null,
    syncMode: values.sync_mode,
    cursorField: values.cursor_field ?? null,
    primaryKey: values.primary_key ?? [],
    ssl,
    tunnel: toTunnel(values.tunnel_method),
    replicationMethod: values.replication_method.method,
    cdc: toCdc(values.replication_method),
    serverOptions: values.server_options ?? null,
    applicationName: values.application_name,
    connectTimeoutMs: values.connect_timeout * 1000,
    timeoutMs: values.timeout_seconds * 1000,
    minConnections: values.min_connections,
    maxConnections: values.max_connections,
    batchSize: values.batch_size,
    maxRetries: values.max_retries,
    checkPrivileges: values.check_privileges,
    checkpointIntervalMs: values.checkpoint_target_interval_seconds * 1000,
    lateCommitWindowMs: values.late_commit_window_seconds * 1000,
  }
}

function toCdc(method: ValidMethod): CdcConfig | null {
  if (!isCdc(method)) return null
  const isEmitted = method.lsn_commit_behaviour === 'While reading Data'
  const isResync = method.invalid_cdc_cursor_position_behavior === 'Re-sync data'
  return {
    slot: method.replication_slot,
    publication: method.publication,
    initialWaitingMs: method.initial_waiting_seconds * 1000,
    acknowledges: isEmitted ? 'EMITTED' : 'GIVEN',
    heartbeatActionQuery: method.heartbeat_action_query.trim() || null,
    onInvalidPosition: isResync ? 'RESYNC' : 'FAIL',
    initialLoadTimeoutMs: method.initial_load_timeout_hours * MS_PER_HOUR,
  }
}

function isCdc(method: ValidMethod): method is ValidCdc {
  return method.method === 'CDC'
}

function toEntra(values: ValidValues): EntraConfig | null {
  const { entra_tenant_id: tenantId = '', entra_client_id: clientId = '' } = values
  return values.entra_service_principal_auth ? { tenantId, clientId } : null
}

/**
 * A client certificate requires its key, and the key requires the certificate: one without the
 * other is ignored.
 */
function toSsl(ssl: ValidSsl): { ssl: SslConfig; ignored: readonly string[] } {
  const certificate = ssl.client_certificate ?? null
  const key = ssl.client_key ?? null
  const isPair = certificate !== null && key !== null
  const [given, missing] =
    certificate === null
      ? ['client_key', 'client_certificate']
      : ['client_certificate', 'client_key']
  return {
    ssl: {
      mode: ssl.mode,
      caCertificate: ssl.ca_certificate ?? null,
      clientCertificate: isPair ? certificate : null,
      clientKey: isPair ? key : null,
      clientKeyPassword: isPair ? (ssl.client_key_password ?? null) : null,
    },
    ignored:
      isPair || (certificate === null && key === null)
        ? []
        : [`'ssl_mode.${given}' is ignored because 'ssl_mode.${missing}' is not given.`],
  }
}

function toTunnel(tunnel: ValidTunnel): TunnelConfig {
  const { tunnel_method: method } = tunnel
  if (method === 'NO_TUNNEL') return { method }
  const { tunnel_host: host, tunnel_port: port, tunnel_user: user, tunnel_host_key: key } = tunnel
  const hostKeys = (key === undefined ? null : parseSshHostKeys(key)) ?? []
  const server = { host: normalizeHost(host), port, user, hostKeys }
  if (method === 'SSH_PASSWORD_AUTH') {
    return { method, ...server, password: tunnel.tunnel_user_password }
  }
  return {
    method,
    ...server,
    key: tunnel.ssh_key,
    keyPassphrase: tunnel.ssh_key_passphrase ?? null,
  }
}

function freeze<T extends object>(value: T): T {
  const children: unknown[] = Object.values(value)
  for (const child of children) {
    if (typeof child === 'object' && child !== null) freeze(child)
  }
  return Object.freeze(value)
}
