import type { Config } from '../../../config/config.ts'
import type { Environment } from '../../../config/expand-env.ts'
import { ConnectorError } from '../../../errors.ts'
import { Deadline, pause } from '../deadline.ts'
import { findAuthority, type TokenAuthority } from './token-authority.ts'
import { isRepeatable, refusedError, unreachableError } from './token-error.ts'

/** Minimum remaining validity of a token for a new connection. */
const MARGIN_MS = 300_000
const ATTEMPTS = 3
const FIRST_DELAY_MS = 500

interface Token {
  readonly text: string
  readonly usableUntilMs: number
}

/**
 * Access tokens of a Microsoft Entra service principal for PostgreSQL, by the client credentials
 * grant. The server accepts a token as the password. A connection stays open after its token has
 * expired.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export class TokenSource {
  readonly #config: Config
  readonly #authority: TokenAuthority
  readonly #stop: AbortSignal
  #token: Token | null = null
  #requesting: Promise<Token> | null = null

  private constructor(config: Config, authority: TokenAuthority, stop: AbortSignal) {
    this.#config = config
    this.#authority = authority
    this.#stop = stop
  }

  /**
   * Null: the config has a PostgreSQL password.
   * @param stop ends requests with its reason.
   * @throws ConnectorError if the environment variable does not contain a usable authority.
   */
  static create(config: Config, environment: Environment, stop: AbortSignal): TokenSource | null {
    const { entra } = config
    if (entra === null) return null
    return new TokenSource(config, findAuthority(entra.tenantId, environment), stop)
  }

  /**
   * Returns a token that is valid for a new connection. @throws ConnectorError with the failed
   * step.
   */
  async current(): Promise<string> {
    if (this.#token === null || performance.now() > this.#token.usableUntilMs) {
      this.#requesting ??= this.#request().finally(() => {
        this.#requesting = null
      })
      this.#token = await this.#requesting
    }
    return this.#token.text
  }

  async #request(): Promise<Token> {
    using deadline = new Deadline(this.#config.connectTimeoutMs, this.#stop)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#requestOnce(deadline.signal)
      } catch (error) {
        this.#stop.throwIfAborted()
        if (attempt === ATTEMPTS || deadline.signal.aborted || !isRepeatable(error)) throw error
        await pause(FIRST_DELAY_MS * attempt, this.#stop)
      }
    }
  }

  async #requestOnce(signal: AbortSignal): Promise<Token> {
    const { tokenUrl, scope } = this.#authority
    const requestedMs = performance.now()
    const { ok, status, body } = await this.#post(signal)
    const token = Object(body).access_token as unknown
    if (!ok || typeof token !== 'string')
      throw refusedError({ status, body }, this.#config, tokenUrl)
    const lifeMs = Number(Object(body).expires_in) * 1000
    if (!Number.isFinite(lifeMs)) {
      throw new ConnectorError(
        'system_error',
        `Microsoft Entra: the token for ${scope} has no lifetime.`,
      )
    }
    return { text: token, usableUntilMs: requestedMs + lifeMs - MARGIN_MS }
  }

  async #post(signal: AbortSignal): Promise<{ ok: boolean; status: number; body: unknown }> {
    const { tokenUrl, scope } = this.#authority
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: this.#config.entra?.clientId ?? '',
      client_secret: this.#config.password,
      scope,
    })
    try {
      const options = { method: 'POST', body: form, redirect: 'error', signal } as const
      const response = await fetch(tokenUrl, options)
      const { ok, status } = response
      return { ok, status, body: parsed(await response.text()) }
    } catch (error) {
      throw unreachableError(error, tokenUrl)
    }
  }
}

/** Returns null if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
