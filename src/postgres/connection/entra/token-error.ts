import type { Config } from '../../../config/config.ts'
import { ConnectorError, errorCode } from '../../../errors.ts'

type Explain = (ids: { readonly tenantId: string; readonly clientId: string }) => string

const UNKNOWN_TENANT: Explain = ({ tenantId }) =>
  `there is no tenant "${tenantId}". Check entra_tenant_id.`

/**
 * Explanations by error code of the security token service.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const EXPLANATIONS: ReadonlyMap<number, Explain> = new Map([
  [90002, UNKNOWN_TENANT],
  [900021, UNKNOWN_TENANT],
  [900023, UNKNOWN_TENANT],
  [
    700016,
    ({ tenantId, clientId }) =>
      `tenant "${tenantId}" has no application "${clientId}". Check entra_client_id and entra_tenant_id.`,
  ],
  [
    7000215,
    ({ clientId }) =>
      `password is not a client secret of application "${clientId}". Set it to the value of the secret, not to its ID.`,
  ],
  [
    7000222,
    ({ clientId }) =>
      `the client secret of application "${clientId}" has expired. Create a new one and set password to it.`,
  ],
])

/** HTTP status for too many requests. */
const TOO_MANY_REQUESTS = 429
const FIRST_SERVER_ERROR = 500

/** Error for an answer without a token. It contains only codes of the answer, not its text. */
export function refusedError(
  { status, body }: { readonly status: number; readonly body: unknown },
  { entra }: Config,
  { host }: URL,
): ConnectorError {
  const codes: unknown = Object(body).error_codes
  const known = Array.isArray(codes) ? codes.map((code) => EXPLANATIONS.get(Number(code))) : []
  const explain = known.find((candidate) => candidate !== undefined)
  if (explain !== undefined && entra !== null) return failed('config_error', explain(entra))
  if (status === TOO_MANY_REQUESTS || status >= FIRST_SERVER_ERROR) {
    return failed('transient_error', `"${host}" did not issue a token (HTTP ${status}). Try again.`)
  }
  if (!Array.isArray(codes)) {
    const remedy = 'Check AZURE_AUTHORITY_HOST, and proxies in between.'
    return failed(
      'config_error',
      `"${host}" did not answer as Microsoft Entra (HTTP ${status}). ${remedy}`,
    )
  }
  const names = codes.map((code) => `AADSTS${Number(code)}`).join(', ')
  const remedy = 'Check entra_tenant_id, entra_client_id and password, the client secret.'
  return failed('config_error', `no token for the service principal (${names}). ${remedy}`)
}

/** Error for a request without an answer. */
export function unreachableError(error: unknown, { host }: URL): ConnectorError {
  const cause = error instanceof Error ? error.cause : null
  const code = errorCode(error) ?? errorCode(cause) ?? 'no answer'
  const message = `"${host}" cannot be reached for a token (${code}). Check the network, and AZURE_AUTHORITY_HOST if it is set.`
  return failed('transient_error', message, error)
}

/** Whether a retry of the same request may succeed. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof ConnectorError && error.failureType === 'transient_error'
}

function failed(
  type: 'config_error' | 'transient_error',
  text: string,
  cause?: unknown,
): ConnectorError {
  return new ConnectorError(type, `Microsoft Entra: ${text}`, { cause })
}
