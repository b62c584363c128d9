import { SCRAM_PASSWORD, SECRET } from '../tls/tls-world.ts'
import type { Answer } from './token-endpoint.ts'

export const CLIENT_SECRET = `${SECRET}-client`

/**
 * Token endpoint answer with a role's password as the token, which the server accepts as a
 * password.
 */
export function token(expiresIn: number, text = SCRAM_PASSWORD): Answer {
  return { body: { token_type: 'Bearer', access_token: text, expires_in: expiresIn } }
}

/**
 * Errors of a service principal: the answer of the token endpoint `ENDPOINT`, and the message of
 * `check`.
 */
export const ENTRA_MISTAKES: readonly {
  readonly mistake: string
  readonly answer: Answer
  readonly message: string
}[] = [
  {
    mistake: 'The tenant does not exist',
    answer: refusal(90002),
    message: 'Microsoft Entra: there is no tenant "a-tenant". Check entra_tenant_id.',
  },
  {
    mistake: 'The application does not exist',
    answer: refusal(700016),
    message:
      'Microsoft Entra: tenant "a-tenant" has no application "a-client". Check entra_client_id and entra_tenant_id.',
  },
  {
    mistake: 'The client secret is wrong',
    answer: refusal(7000215),
    message:
      'Microsoft Entra: password is not a client secret of application "a-client". Set it to the value of the secret, not to its ID.',
  },
  {
    mistake: 'The client secret has expired',
    answer: refusal(7000222),
    message:
      'Microsoft Entra: the client secret of application "a-client" has expired. Create a new one and set password to it.',
  },
  {
    mistake: 'Microsoft Entra issues no token for another reason',
    answer: refusal(53003),
    message:
      'Microsoft Entra: no token for the service principal (AADSTS53003). Check entra_tenant_id, entra_client_id and password, the client secret.',
  },
  {
    mistake: 'A proxy answers for Microsoft Entra',
    answer: { body: '<html>Sign in to the proxy</html>' },
    message:
      'Microsoft Entra: "ENDPOINT" did not answer as Microsoft Entra (HTTP 200). Check AZURE_AUTHORITY_HOST, and proxies in between.',
  },
  {
    mistake: 'Microsoft Entra is down',
    answer: { status: 503, body: 'Service Unavailable' },
    message: 'Microsoft Entra: "ENDPOINT" did not issue a token (HTTP 503). Try again.',
  },
  {
    mistake: 'The server does not accept the token',
    answer: token(3599, 'of-nobody'),
    message:
      'Microsoft Entra issued a token, but the server does not accept it for user "scram". Check that username is the name under which the service principal is a role of the server, and that the server allows Microsoft Entra authentication.',
  },
]

/** An error of the security token service, with a description that no output may contain. */
function refusal(code: number): Answer {
  const description = `AADSTS${code}: ${CLIENT_SECRET}`
  return { status: 400, body: { error: 'x', error_description: description, error_codes: [code] } }
}
