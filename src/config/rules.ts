import { hostProblem } from './host.ts'
import { parseSshHostKeys } from './ssh-host-key.ts'
import { isValues, type Values } from './values.ts'

type NameOf = (path: string) => string
type Rule = (values: Values, nameOf: NameOf) => string | null

/**
 * Rules that spec.json cannot express, because keywords that relate parameters to each other are
 * not allowed there.
 */
const RULES: readonly Rule[] = [
  requireDatabaseAndUsername,
  checkHost,
  checkTunnelHost,
  checkTunnelHostKey,
  ...['password', 'entra_tenant_id', 'entra_client_id'].map(requireForEntra),
  requireTlsForEntra,
  requireCursorField,
  compareConnections,
  ...['ca_certificate', 'client_certificate', 'client_key'].map(requirePem),
]

/**
 * Finds the problems of `values` as a whole: one sentence for each violated rule, without the
 * values. `nameOf` maps the path of a parameter to the name that the user gave.
 */
export function ruleProblems(values: Values, nameOf: NameOf): string[] {
  return RULES.map((rule) => rule(values, nameOf)).filter((problem) => problem !== null)
}

function requireDatabaseAndUsername(values: Values): string | null {
  const hasDatabase = Object.hasOwn(values, 'database')
  const hasUsername = Object.hasOwn(values, 'username')
  if (!hasDatabase && !hasUsername) {
    return "Missing required parameters: {'database', 'username'}"
  }
  if (!hasDatabase) return "Either 'database' or 'dbname' parameter is required"
  if (!hasUsername) return "Either 'username' or 'user' parameter is required"
  return null
}

function checkHost({ host }: Values, nameOf: NameOf): string | null {
  const others = 'port, database, username and password'
  const names = { host: nameOf('host'), port: nameOf('port'), others }
  return typeof host === 'string' ? hostProblem(host, names) : null
}

function checkTunnelHost({ tunnel_method: tunnel }: Values, nameOf: NameOf): string | null {
  if (!isValues(tunnel)) return null
  const { tunnel_host: host } = tunnel
  const path = (name: string) => nameOf(`tunnel_method.${name}`)
  const others = 'tunnel_port and tunnel_user'
  const names = { host: path('tunnel_host'), port: path('tunnel_port'), others }
  return typeof host === 'string' ? hostProblem(host, names) : null
}

function checkTunnelHostKey({ tunnel_method: tunnel }: Values, nameOf: NameOf): string | null {
  const { tunnel_host_key: text } = isValues(tunnel) ? tunnel : {}
  if (typeof text !== 'string' || parseSshHostKeys(text) !== null) return null
  return `Parameter '${nameOf('tunnel_method.tunnel_host_key')}' must be OpenSSH public keys or SHA256 fingerprints, one on each line`
}

function requireForEntra(name: string): Rule {
  return ({ entra_service_principal_auth: isEntra, [name]: value }, nameOf) => {
    if (isEntra !== true || (value !== undefined && value !== '')) return null
    return `Parameter '${nameOf(name)}' is required with entra_service_principal_auth`
  }
}

/** The token is sent as a clear-text password. */
function requireTlsForEntra(values: Values, nameOf: NameOf): string | null {
  const { entra_service_principal_auth: isEntra, ssl_mode: ssl } = values
  const mode = isValues(ssl) ? String(ssl['mode']) : ''
  if (isEntra !== true || !['disable', 'allow', 'prefer'].includes(mode)) return null
  return `Parameter '${nameOf('ssl_mode.mode')}' must be require, verify-ca or verify-full with entra_service_principal_auth`
}

/** Whether a replication method finds changes without a cursor. */
export function needsNoCursor(method: unknown): boolean {
  return isValues(method) && method['method'] !== 'Standard'
}

function requireCursorField(values: Values): string | null {
  const { sync_mode: syncMode, cursor_field: cursorField, replication_method: method } = values
  if (syncMode !== 'incremental' || cursorField !== undefined) return null
  if (needsNoCursor(method)) return null
  return 'cursor_field is required for incremental sync_mode'
}

function compareConnections(values: Values, nameOf: NameOf): string | null {
  const { min_connections: min, max_connections: max } = values
  if (typeof min !== 'number' || typeof max !== 'number' || min <= max) return null
  const maxName = nameOf('max_connections')
  return `Parameter 'min_connections' (${min}) must not be greater than '${maxName}' (${max})`
}

/** libpq expects file names here, so users often give one. */
function requirePem(name: string): Rule {
  return ({ ssl_mode: ssl }, nameOf) => {
    if (!isValues(ssl) || ssl['mode'] === 'disable') return null
    const { [name]: text } = ssl
    if (typeof text !== 'string' || text.includes('-----BEGIN ')) return null
    return `Parameter '${nameOf(`ssl_mode.${name}`)}' must be PEM text that begins with '-----BEGIN', not a file name`
  }
}
