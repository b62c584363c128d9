import type { CertificateName, TlsWorld } from './tls/tls-world.ts'
import { KEY_PASSWORD, SECRET } from './tls/tls-world.ts'

export type Json = Readonly<Record<string, unknown>>

/** An invalid connection config, and the message of `check` for it. */
export interface Misconfiguration<World> {
  readonly mistake: string
  /** Differences from a valid config. */
  readonly config: (world: World) => Json
  /**
   * The message after its common beginning; `HOST` and `PORT` are replaced by those of the server.
   */
  readonly message: string
}

/** Certificate of the server; default: the valid one. */
interface Served {
  readonly certificate?: CertificateName | null
}

/** TLS; every message begins with `Failed to create connection pool: `. */
export const TLS_MISTAKES: readonly (Misconfiguration<TlsWorld> & Served)[] = [
  {
    mistake: 'The server has no TLS, and the mode needs it',
    certificate: null,
    config: () => ({ ssl_mode: 'require' }),
    message:
      "The server does not support TLS, and ssl_mode 'require' needs it. Enable TLS on the server, or set ssl_mode to prefer or disable.",
  },
  {
    mistake: 'The certificate of the server is for another name',
    certificate: 'wrongName',
    config: ({ authority }) => full(authority.certificate),
    message:
      'the certificate of the server is for db.example, not for "HOST" (ssl_mode verify-full). Set host to a name in the certificate, or ssl_mode to verify-ca.',
  },
  {
    mistake: 'The certificate of the server has expired',
    certificate: 'expired',
    config: ({ authority }) => full(authority.certificate),
    message:
      'the certificate of "HOST", or the authority that signed it, has expired (ssl_mode verify-full). Renew it on the server; ca_certificate must be valid too.',
  },
  {
    mistake: 'The certificate of the server is self-signed',
    certificate: 'selfSigned',
    config: ({ authority }) => full(authority.certificate),
    message:
      'the certificate of "HOST" is self-signed and is not ca_certificate (ssl_mode verify-full). If you trust it, set ca_certificate to this certificate.',
  },
  {
    mistake: 'ca_certificate is of another authority',
    config: ({ other }) => full(other.certificate),
    message:
      'the certificate of "HOST" is not signed by ca_certificate (ssl_mode verify-full). Set ca_certificate to the certificate of the authority that signed it.',
  },
  {
    mistake: 'ca_certificate is damaged',
    config: () => full(`-----BEGIN CERTIFICATE-----\n${SECRET}\n-----END CERTIFICATE-----\n`),
    message:
      'ca_certificate is not a certificate in PEM format. Copy the whole text of the certificate.',
  },
  {
    mistake: 'The server requires a client certificate',
    config: () => ({ username: 'certified', ssl_mode: 'require' }),
    message:
      'the server does not allow user "certified" to connect to database "postgres" from this address, with TLS and no client certificate. Check username, ssl_mode and pg_hba.conf.',
  },
  {
    mistake: 'The client certificate is signed by an authority that the server does not trust',
    config: ({ clients }) => certified(clients.stranger),
    message:
      '"HOST" does not accept client_certificate. Check that an authority that the server trusts (ssl_ca_file) signed it and that it has not expired.',
  },
  {
    mistake: 'The client certificate has expired',
    config: ({ clients }) => certified(clients.expired),
    message:
      '"HOST" does not accept client_certificate. Check that an authority that the server trusts (ssl_ca_file) signed it and that it has not expired.',
  },
  {
    mistake: 'The client certificate is for another user',
    config: ({ clients }) => ({ ...certified(clients.good), username: 'only_plain' }),
    message:
      'the server does not allow user "only_plain" to connect to database "postgres" from this address, with TLS and a client certificate. Check username, ssl_mode and pg_hba.conf.',
  },
  {
    mistake: 'client_key is encrypted, and there is no client_key_password',
    config: ({ clients }) => certified(clients.locked),
    message:
      'client_key is encrypted, and the config has no password for it. Set client_key_password to the passphrase of the key of the certificate.',
  },
  {
    mistake: 'client_key_password is wrong',
    config: ({ clients }) => certified(clients.locked, `not-${KEY_PASSWORD}`),
    message:
      'client_key cannot be opened with client_key_password. Set client_key_password to the passphrase of the key of the certificate.',
  },
  {
    mistake: 'client_key belongs to another certificate',
    config: ({ clients }) => certified({ ...clients.good, key: clients.stranger.key }),
    message:
      'client_key does not belong to client_certificate. Set it to the key of the same certificate.',
  },
  {
    mistake: 'The user may connect with TLS only, and the mode is disable',
    config: () => ({ username: 'only_tls', ssl_mode: 'disable' }),
    message:
      'the server does not allow user "only_tls" to connect to database "postgres" from this address, without TLS. Check username, ssl_mode and pg_hba.conf.',
  },
]

function full(ca: string): Json {
  return { ssl_mode: { mode: 'verify-full', ca_certificate: ca } }
}

/** The user who authenticates by a certificate. */
export function certified(
  { certificate, key }: { readonly certificate: string; readonly key: string },
  password?: string,
): Json {
  const pair = { client_certificate: certificate, client_key: key }
  const opened = password === undefined ? pair : { ...pair, client_key_password: password }
  return { username: 'certified', ssl_mode: { mode: 'require', ...opened } }
}
