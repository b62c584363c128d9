import { isIP } from 'node:net'
import type { Environment } from '../../../config/expand-env.ts'
import { ConnectorError } from '../../../errors.ts'

/** Endpoint of tokens and the resource for which they are valid. */
export interface TokenAuthority {
  readonly tokenUrl: URL
  readonly scope: string
}

/** Environment variable of the Azure SDKs. */
const VARIABLE = 'AZURE_AUTHORITY_HOST'
const PUBLIC_HOST = 'login.microsoftonline.com'
const PUBLIC_RESOURCE = 'https://ossrdbms-aad.database.windows.net'
/** Host of a sovereign cloud → the resource of its PostgreSQL servers. */
const RESOURCES: ReadonlyMap<string, string> = new Map([
  ['login.microsoftonline.us', 'https://ossrdbms-aad.database.usgovcloudapi.net'],
  ['login.chinacloudapi.cn', 'https://ossrdbms-aad.database.chinacloudapi.cn'],
])

/**
 * Returns the authority of a tenant: that of the public cloud, unless the environment variable is
 * set.
 * @throws ConnectorError config_error if the variable is not a URL to which a secret may be sent.
 */
export function findAuthority(tenantId: string, environment: Environment): TokenAuthority {
  const base = parseBase(environment[VARIABLE]?.trim() || PUBLIC_HOST)
  const path = `${base.pathname.replace(/\/$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`
  const resource = RESOURCES.get(base.hostname) ?? PUBLIC_RESOURCE
  return { tokenUrl: new URL(path, base), scope: `${resource}/.default` }
}

/** Allows unencrypted HTTP only to this machine. */
function parseBase(text: string): URL {
  const url = text.includes('://') ? text : `https://${text}`
  const base = URL.canParse(url) ? new URL(url) : null
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopback(base))
  if (base !== null && isSafe) return base
  const message = `Microsoft Entra: ${VARIABLE} must be an https URL, such as https://${PUBLIC_HOST}.`
  throw new ConnectorError('config_error', message)
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}
