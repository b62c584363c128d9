import type { SslMode } from '../../../config/config.ts'
import { errorCode } from '../../../errors.ts'

/** How the bytes of a connection travel. */
export type Encryption = 'plain' | 'TLS'

/** What a connection tries first, and what it tries when that fails in a way that the other may avoid. */
export interface EncryptionPlan {
  readonly first: Encryption
  readonly second: Encryption | null
}

/** SQLSTATE class: neither pg_hba.conf nor the password lets the user in. */
const INVALID_AUTHORIZATION = '28'

/**
 * libpq's meaning of the modes: `allow` prefers plain, `prefer` prefers TLS, and each takes the other too.
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

/** Whether the other encryption may do better: the server refused the user on this one, or TLS could not begin. */
export function isEncryptionError(error: unknown): boolean {
  return error instanceof TlsFailure || errorCode(error)?.startsWith(INVALID_AUTHORIZATION) === true
}

/** TLS could not begin; `code` says why. */
export class TlsFailure extends Error {
  readonly code: string

  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'TlsFailure'
    this.code = errorCode(cause) ?? 'ERR_SSL'
  }
}
