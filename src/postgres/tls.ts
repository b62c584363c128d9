import type { ConnectionOptions } from 'node:tls'
import type { SslConfig } from '../config/config.ts'

/** Whether a mode encrypts at all, and whether it goes on in plain text when the server has no TLS. */
export function encryption(ssl: SslConfig): 'never' | 'if offered' | 'always' {
  if (ssl.mode === 'disable' || ssl.mode === 'allow') return 'never'
  return ssl.mode === 'prefer' ? 'if offered' : 'always'
}

/**
 * TLS options with libpq's meaning: `prefer` and `require` encrypt without verifying (`require` verifies the chain when
 * a CA is given), `verify-ca` verifies the chain, `verify-full` the host name too.
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export function tlsOptions(ssl: SslConfig, host: string): ConnectionOptions {
  const verifies =
    ssl.mode === 'verify-ca' ||
    ssl.mode === 'verify-full' ||
    (ssl.mode === 'require' && ssl.caCertificate !== null)
  return {
    host,
    rejectUnauthorized: verifies,
    ...(ssl.mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(ssl.caCertificate !== null && { ca: ssl.caCertificate }),
    ...(ssl.clientCertificate !== null && { cert: ssl.clientCertificate }),
    ...(ssl.clientKey !== null && { key: ssl.clientKey }),
    ...(ssl.clientKeyPassword !== null && { passphrase: ssl.clientKeyPassword }),
  }
}
