import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  type PeerCertificate,
} from 'node:tls'
import type { SslConfig } from '../../../config/config.ts'
import { ConnectorError } from '../../../errors.ts'

/**
 * TLS options with libpq's semantics: a CA makes every mode verify the chain; verify-full also
 * compares the host name.
 * @throws ConnectorError config_error with the certificate or key that cannot be used.
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export function tlsOptions(ssl: SslConfig, host: string): ConnectionOptions {
  const isVerified = ssl.caCertificate !== null || ssl.mode.startsWith('verify-')
  const comparesName = ssl.mode === 'verify-full'
  return {
    host,
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: isVerified,
    checkServerIdentity: comparesName ? compareName : () => undefined,
    secureContext: createSecureContext(materialOf(ssl)),
  }
}

/**
 * Like libpq, accepts the common name of a certificate without other names, also for an IP address.
 */
function compareName(host: string, certificate: PeerCertificate): Error | undefined {
  const hasOneName = (certificate.subjectaltname ?? '') === ''
  if (hasOneName && isIP(host) !== 0 && certificate.subject.CN === host) return undefined
  return checkServerIdentity(host, certificate)
}

function materialOf({ caCertificate, clientCertificate, clientKey, clientKeyPassword }: SslConfig) {
  if (caCertificate !== null) parseCertificate(caCertificate, 'ca_certificate')
  const ca = caCertificate === null ? {} : { ca: caCertificate }
  if (clientCertificate === null || clientKey === null) return ca
  const certificate = parseCertificate(clientCertificate, 'client_certificate')
  const key = openKey(clientKey, clientKeyPassword)
  if (!certificate.checkPrivateKey(key)) {
    throw unusable(
      'client_key does not belong to client_certificate. Set it to the key of the same',
    )
  }
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  return { ...ca, cert: clientCertificate, key: pem }
}

function parseCertificate(pem: string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw unusable(`${name} is not a certificate in PEM format. Copy the whole text of the`)
  }
}

function openKey(pem: string, password: string | null): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(password !== null && { passphrase: password }) })
  } catch {
    if (!pem.includes('ENCRYPTED')) {
      throw unusable(
        'client_key is not a private key in PEM format. Copy the whole text of the key of the',
      )
    }
    const remedy = 'Set client_key_password to the passphrase of the key of the'
    throw password === null
      ? unusable(`client_key is encrypted, and the config has no password for it. ${remedy}`)
      : unusable(`client_key cannot be opened with client_key_password. ${remedy}`)
  }
}

function unusable(text: string): ConnectorError {
  return new ConnectorError('config_error', `${text} certificate.`)
}
