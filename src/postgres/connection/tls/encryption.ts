import type { SslMode } from '../../../config/config.ts'
import { errorCode } from '../../../errors.ts'

/** Encryption of a connection. */
export type Encryption = 'plain' | 'TLS'

/**
 * First encryption to try, and the one to try after a failure that the other encryption may avoid.
 */
export interface EncryptionPlan {
  readonly first: Encryption
  readonly second: Encryption | null
}

/** SQLSTATE class of an authentication that pg_hba.conf or the password does not allow. */
const INVALID_AUTHORIZATION = '28'

/**
 * Order of encryptions with libpq's semantics: `allow` prefers plain, `prefer` prefers TLS, and
 * both accept the other one.
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
 */
export function planEncryption(mode: SslMode): EncryptionPlan {
  switch (mode) {
    case 'disable':
      return { first: 'plain', second: null }
    case 'allow':
      return { first: 'plain', second: 'TLS' }
    case 'prefer':
      return { first: 'TLS', second: 'plain' }
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return { first: 'TLS', second: null }
    default:
      mode satisfies never
      throw new Error('unknown ssl_mode')
  }
}

/**
 * Whether the other encryption may succeed: the server rejected the user with this one, or the TLS
 * handshake failed.
 */
export function isEncryptionError(error: unknown): boolean {
  return error instanceof TlsFailure || errorCode(error)?.startsWith(INVALID_AUTHORIZATION) === true
}

/** The TLS handshake failed; `code` is the reason. */
export class TlsFailure extends Error {
  readonly code: string

  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'TlsFailure'
    this.code = errorCode(cause) ?? 'ERR_SSL'
  }
}
