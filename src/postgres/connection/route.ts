import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Config } from '../../config/config.ts'
import { ConnectorError } from '../../errors.ts'
import type { Deadline } from './deadline.ts'
import type { LogLevel } from '../../protocol/messages.ts'
import { type Encryption, isEncryptionError, planEncryption, TlsFailure } from './tls/encryption.ts'
import { connectFirst, resolveHost } from './addresses.ts'
import { connectSocket } from './socket.ts'
import type { SshConfig } from './ssh/ssh-error.ts'
import { SshTunnel } from './ssh/ssh-tunnel.ts'
import { streamEvent } from './stream-event.ts'
import { tlsOptions } from './tls/tls.ts'

/** https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest) */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const YES = 'S'
const NO = 'N'
const KEEP_ALIVE_MS = 30_000

export type Log = (level: LogLevel, message: string) => void

/**
 * The way in which every connection of a run reaches the server, through one SSH tunnel if the
 * config has one. The encryption is decided by the first successful connection and does not change
 * afterwards.
 */
export class Route implements Disposable {
  readonly #config: Config
  readonly #log: Log
  /** Fingerprint of the last logged host key. */
  #hostKey: string | null = null
  /** Opened by the first connection, and by the next one after it was lost. */
  #tunnel: Promise<SshTunnel> | null = null
  #encryption: Encryption
  #alternative: Encryption | null
  /** Address of the last connection, which is tried first. */
  #address: string | null = null
  #isDisposed = false

  constructor(config: Config, log: Log = () => undefined) {
    const { first, second } = planEncryption(config.ssl.mode)
    this.#config = config
    this.#log = log
    this.#encryption = first
    this.#alternative = second
  }

  /** Encryption of the last connection. */
  get encryption(): Encryption {
    return this.#encryption
  }

  /** Fixes the encryption after a successful connection. */
  lock(): void {
    this.#alternative = null
  }

  /**
   * Switches to the other encryption if the mode allows it and it may succeed after `error`.
   * Returns whether it did.
   */
  fallBack(error: unknown): boolean {
    if (this.#alternative === null || !isEncryptionError(error)) return false
    this.#encryption = this.#alternative
    this.#alternative = null
    return true
  }

  /**
   * Returns a stream to the server: connected, encrypted according to the mode, with TCP
   * keep-alive, ready for the start-up message.
   * @throws Node.js errors of the connection, TlsFailure, the error of `deadline`, ConnectorError
   * of the tunnel, or if TLS is required and not supported by the server, or if the other end is
   * not a PostgreSQL server.
   * @param mayLogIn whether an SSH tunnel may be opened. Connections that wait for it would share
   * its login and deadline.
   */
  async connect(deadline: Deadline, { mayLogIn = true } = {}): Promise<Duplex> {
    const stream = await this.#reach(deadline, mayLogIn)
    try {
      return this.#encryption === 'plain' ? stream : await this.#encrypt(stream, deadline)
    } catch (error) {
      stream.destroy()
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    void this.#tunnel?.then((tunnel) => tunnel.close(), ignore)
  }

  async #reach(deadline: Deadline, mayLogIn: boolean): Promise<Duplex> {
    if (this.#isDisposed) throw new Error('the connections of this run are closed')
    const tunnel = await this.#openTunnel(deadline, mayLogIn)
    if (tunnel !== null) {
      const stream = await tunnel.connect(this.#config, deadline)
      return stream.on('error', ignore)
    }
    const addresses = await resolveHost(this.#config.host, deadline)
    const ordered = new Set([...addresses.filter((one) => one === this.#address), ...addresses])
    const open = (address: string): Socket => connectSocket(address, this.#config.port)
    const socket = await connectFirst([...ordered], open, deadline)
    this.#address = socket.remoteAddress ?? null
    return socket.setKeepAlive(true, KEEP_ALIVE_MS)
  }

  async #openTunnel(deadline: Deadline, mayLogIn: boolean): Promise<SshTunnel | null> {
    const { tunnel } = this.#config
    if (tunnel.method === 'NO_TUNNEL') return null
    const known = this.#tunnel
    const last = await known?.catch(() => null)
    if (last?.isOpen === true) return last
    if (!mayLogIn) throw new Error('the SSH tunnel is not open')
    if (this.#tunnel === known) this.#tunnel = this.#logIn(tunnel, deadline)
    return await this.#tunnel
  }

  /** Logs the host key once, unless the config has accepted keys. */
  async #logIn(ssh: SshConfig, deadline: Deadline): Promise<SshTunnel> {
    const tunnel = await SshTunnel.open(ssh, deadline)
    const { fingerprint, type } = tunnel.hostKey
    if (ssh.hostKeys.length > 0 || this.#hostKey === fingerprint) return tunnel
    this.#hostKey = fingerprint
    const message = `SSH tunnel: the host key of "${ssh.host}", port ${ssh.port}, is ${fingerprint} (${type}). It was not verified. Set tunnel_host_key to accept only this key.`
    this.#log('INFO', message)
    return tunnel
  }

  async #encrypt(stream: Duplex, deadline: Deadline): Promise<Duplex> {
    const options = tlsOptions(this.#config.ssl, this.#config.host)
    const answered = streamEvent(stream, 'data', deadline)
    stream.write(SSL_REQUEST)
    const answer = String(await answered)
    if (answer === YES) return await secure(connectTls({ ...options, socket: stream }), deadline)
    if (answer !== NO) throw notPostgres(this.#config)
    if (planEncryption(this.#config.ssl.mode).second === null) throw noTls(this.#config)
    this.#encryption = 'plain'
    this.#alternative = null
    return stream
  }
}

async function secure(tls: TLSSocket, deadline: Deadline): Promise<TLSSocket> {
  tls.on('error', ignore)
  try {
    await streamEvent(tls, 'secureConnect', deadline)
    return tls
  } catch (error) {
    tls.destroy()
    throw deadline.signal.aborted || !(error instanceof Error) ? error : new TlsFailure(error)
  }
}

function notPostgres({ host, port }: Config): ConnectorError {
  const message = `"${host}", port ${port}, did not answer as a PostgreSQL server. Check host and port.`
  return new ConnectorError('config_error', message)
}

function noTls({ ssl }: Config): ConnectorError {
  const message =
    `The server does not support TLS, and ssl_mode '${ssl.mode}' needs it. ` +
    'Enable TLS on the server, or set ssl_mode to prefer or disable.'
  return new ConnectorError('config_error', message)
}

/**
 * Prevents that an error between two listeners ends the process. The next wait finds the stream
 * closed.
 */
function ignore(): void {}
