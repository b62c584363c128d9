import type { Duplex } from 'node:stream'
import { Client, type ClientConfig } from 'pg'
import type { Config } from '../../config/config.ts'
import { ConnectorError, errorCode } from '../../errors.ts'
import { Deadline, TimeoutError } from './deadline.ts'
import { useRawPassword, useStream } from './pg-internals.ts'
import type { TokenSource } from './entra/token-source.ts'
import { failsSaslprep } from './scram/saslprep.ts'
import type { Route } from './route.ts'

type ConnectCallback = (error?: Error) => void

/** Parts that the clients of a run share. */
export interface ClientParts {
  readonly config: Config
  readonly route: Route
  /** Provides passwords; null: the password of the config is used. */
  readonly tokens: TokenSource | null
  /** Ends every connection attempt with its reason. */
  readonly stop: AbortSignal
}

/**
 * Returns a client class that runs pg's start-up on a stream which `route` has connected and
 * encrypted.
 * @param extra overrides the options derived from the config.
 */
export function clientClass(
  { config, route, tokens, stop }: ClientParts,
  extra: ClientConfig = {},
): typeof Client {
  return class EstablishedClient extends Client {
    constructor(_options?: ClientConfig) {
      super({ ...clientOptions(config), ...extra })
      this.on('error', addLossCode)
    }

    override connect(): Promise<Client>
    override connect(callback: ConnectCallback): void
    override connect(callback?: ConnectCallback): Promise<Client> | void {
      const connected = this.#connect()
      if (callback === undefined) return connected
      connected.then(
        () => callback(),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      )
    }

    /**
     * Connects with one deadline for name resolution, TCP, TLS and start-up. The deadline does not
     * include the token.
     */
    async #connect(): Promise<Client> {
      if (tokens !== null) this.password = await tokens.current()
      const startedMs = performance.now()
      using deadline = new Deadline(config.connectTimeoutMs, stop)
      try {
        await this.#start(await route.connect(deadline), deadline)
        route.lock()
        return this
      } catch (error) {
        if (!stop.aborted && error instanceof ConnectorError) throw error
        if (deadline.signal.aborted) throw deadline.error
        if (errorCode(error) !== 'ETIMEDOUT') throw error
        throw new TimeoutError(performance.now() - startedMs, { cause: error })
      }
    }

    async #start(stream: Duplex, deadline: Deadline): Promise<void> {
      const { signal } = deadline
      const onAbort = (): void => void stream.destroy(deadline.error)
      signal.addEventListener('abort', onAbort)
      try {
        useStream(this, stream)
        if (failsSaslprep(config.password)) useRawPassword(this, config.password)
        await super.connect()
      } catch (error) {
        if (stream.destroyed || stream.readableEnded) addLossCode(error)
        throw error
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    }
  }
}

function clientOptions(config: Config): ClientConfig {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.username,
    password: () => requirePassword(config),
    application_name: config.applicationName,
    ...(config.serverOptions !== null && { options: config.serverOptions }),
    ssl: false,
    enableChannelBinding: true,
  }
}

/**
 * Called only if the server requires a password. pg would look up an empty string in PGPASSWORD and
 * ~/.pgpass.
 */
function requirePassword({ username, password }: Config): string {
  if (password !== '') return password
  const message = `the server requires a password for user "${username}", and the config has none. Set password.`
  throw new ConnectorError('config_error', message)
}

/** Adds a code to pg's error for a query on a connection that was already lost. */
export function withLossCode(error: unknown): unknown {
  if (error instanceof Error && error.message.endsWith('is not queryable')) addLossCode(error)
  return error
}

/**
 * Adds a code to pg's own error for a lost connection. The pending queries fail with the same
 * object. Without a listener, the event would end the process.
 */
function addLossCode(error: unknown): void {
  const isNameless = error instanceof Error && !(error instanceof ConnectorError)
  if (isNameless && errorCode(error) === null) {
    Object.assign(error, { code: 'ECONNRESET' })
  }
}
