import type { Duplex } from 'node:stream'
import type { Client, ConnectConfig } from 'ssh2'
import type { Deadline } from '../deadline.ts'
import { ForwardedStream } from './forwarded-stream.ts'
import { forwardingError, type SshConfig, tunnelError } from './ssh-error.ts'
import { readableKey } from './ssh-key.ts'

const KEEP_ALIVE_MS = 15_000
const UNANSWERED_KEEP_ALIVES = 3
/** What the SSH server is told about where a connection comes from; it does not care. */
const ORIGIN = { host: '127.0.0.1', port: 0 }

/** Where a connection goes, as the SSH server sees it. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** One SSH connection, for any number of connections through it. */
export class SshTunnel {
  readonly #ssh: SshConfig
  readonly #client: Client
  #isOpen = true

  private constructor(ssh: SshConfig, client: Client) {
    this.#ssh = ssh
    this.#client = client
    client.on('close', () => {
      this.#isOpen = false
    })
  }

  /** Logs in. @throws ConnectorError that says what is wrong with the way to the SSH server. */
  static async open(ssh: SshConfig, deadline: Deadline): Promise<SshTunnel> {
    const { default: ssh2 } = await import('ssh2')
    const options = loginOptions(ssh, (key, passphrase) => {
      const parsed: unknown = ssh2.utils.parseKey(key, passphrase ?? undefined)
      return parsed instanceof Error ? parsed : null
    })
    const client = new ssh2.Client()
    client.on('error', ignore)
    try {
      await login(client, options, deadline)
      return new SshTunnel(ssh, client)
    } catch (error) {
      client.destroy()
      throw tunnelError(error, ssh)
    }
  }

  /** Whether connections can still go through it. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** A connection to the database. @throws ConnectorError that says whether forwarding or the database is the trouble. */
  async connect(target: Target, deadline: Deadline): Promise<Duplex> {
    try {
      return new ForwardedStream(await this.#forward(target, deadline))
    } catch (error) {
      throw forwardingError(error, this.#ssh, target)
    }
  }

  /** Logs out; what goes through it is cut off. */
  close(): void {
    this.#client.end()
  }

  #forward({ host, port }: Target, deadline: Deadline): Promise<Duplex> {
    const { signal } = deadline
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(deadline.error)
      signal.addEventListener('abort', onAbort)
      this.#client.forwardOut(ORIGIN.host, ORIGIN.port, host, port, (error, channel) => {
        signal.removeEventListener('abort', onAbort)
        if (error !== undefined && error !== null) reject(error)
        else if (signal.aborted) channel.close()
        else resolve(channel)
      })
    })
  }
}

function loginOptions(ssh: SshConfig, trial: Parameters<typeof readableKey>[2]): ConnectConfig {
  const { host, port, user: username } = ssh
  const options: ConnectConfig = {
    host,
    port,
    username,
    readyTimeout: 0,
    keepaliveInterval: KEEP_ALIVE_MS,
    keepaliveCountMax: UNANSWERED_KEEP_ALIVES,
  }
  if (ssh.method === 'SSH_PASSWORD_AUTH') {
    return { ...options, password: ssh.password, tryKeyboard: true }
  }
  const privateKey = readableKey(ssh.key, ssh.keyPassphrase, trial)
  const passphrase = ssh.keyPassphrase === null ? {} : { passphrase: ssh.keyPassphrase }
  return { ...options, privateKey, ...passphrase }
}

function login(client: Client, options: ConnectConfig, deadline: Deadline): Promise<void> {
  const { signal } = deadline
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(deadline.error)
    signal.addEventListener('abort', onAbort)
    const settled = (): void => signal.removeEventListener('abort', onAbort)
    client.once('ready', () => resolve(settled()))
    client.once('error', (error) => reject(error))
    client.once('close', () => reject(new Error('the SSH server closed the connection')))
    // Some servers ask for the password by this method only
    client.on('keyboard-interactive', (_name, _text, _language, prompts, answer) =>
      answer(prompts.map(() => options.password ?? '')),
    )
    client.connect(options)
  })
}

/** Without a listener an error would end the process; connections through the tunnel see that they are closed. */
function ignore(): void {}
