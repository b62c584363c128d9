import type { Config } from '../../../config/config.ts'

type Explain = (config: Config, names: string) => string

const UNKNOWN_CA: Explain = ({ host, ssl }) =>
  ssl.caCertificate === null
    ? `the certificate of "${host}" is not signed by a known authority (ssl_mode ${ssl.mode}). Set ca_certificate to the certificate of the authority that signed it.`
    : `the certificate of "${host}" is not signed by ca_certificate (ssl_mode ${ssl.mode}). Set ca_certificate to the certificate of the authority that signed it.`

const SELF_SIGNED: Explain = ({ host, ssl }) =>
  `the certificate of "${host}" is self-signed and is not ca_certificate (ssl_mode ${ssl.mode}). If you trust it, set ca_certificate to this certificate.`

const REFUSED_CERTIFICATE: Explain = ({ host, ssl }) =>
  ssl.clientCertificate === null
    ? `"${host}" requires a client certificate, and the config has none. Set client_certificate and client_key.`
    : `"${host}" does not accept client_certificate. Check that an authority that the server trusts (ssl_ca_file) signed it and that it has not expired.`

/** Explanation and remedy by code of Node.js or OpenSSL: the failed check and what was compared. */
const EXPLANATIONS: Readonly<Record<string, Explain>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }, names) =>
    `the certificate of the server is for ${names}, not for "${host}" (ssl_mode verify-full). Set host to a name in the certificate, or ssl_mode to verify-ca.`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  CERT_SIGNATURE_FAILURE: UNKNOWN_CA,
  CERT_UNTRUSTED: UNKNOWN_CA,
  INVALID_CA: UNKNOWN_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  CERT_HAS_EXPIRED: ({ host, ssl }) =>
    `the certificate of "${host}", or the authority that signed it, has expired (ssl_mode ${ssl.mode}). Renew it on the server; ca_certificate must be valid too.`,
  CERT_NOT_YET_VALID: ({ host }) =>
    `the certificate of "${host}" is not valid yet. Check the clocks of both machines.`,
  CERT_REVOKED: ({ host }) => `the certificate of "${host}" was revoked. Renew it on the server.`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: REFUSED_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: REFUSED_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: REFUSED_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: REFUSED_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: REFUSED_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: REFUSED_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: REFUSED_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: REFUSED_CERTIFICATE,
}

/** Explanation and remedy of a TLS failure; null if `error` is not one. */
export function explainTls(error: unknown, code: string, config: Config): string | null {
  const explain = EXPLANATIONS[code]
  if (explain !== undefined) return explain(config, namesOf(error))
  if (!code.startsWith('ERR_SSL')) return null
  return `TLS could not begin with "${config.host}", port ${config.port} (${code}). Check that the server supports TLS 1.2 or newer there.`
}

/** Names in the certificate of a Node.js error. */
function namesOf(error: unknown): string {
  const certificate = memberOf(error instanceof Error ? error.cause : null, 'cert')
  const names = textOf(memberOf(certificate, 'subjectaltname')).split(', ')
  const known = names.filter((name) => /^(DNS|IP Address):/.test(name))
  if (known.length > 0) return known.map((name) => name.slice(name.indexOf(':') + 1)).join(', ')
  return textOf(memberOf(memberOf(certificate, 'subject'), 'CN')) || 'another name'
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
