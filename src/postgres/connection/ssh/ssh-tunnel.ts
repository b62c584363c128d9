import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2'
import type { SshHostKey } from '../../../config/ssh-host-key.ts'
import { connectFirst, resolveHost } from '../addresses.ts'
import type { Deadline } from '../deadline.ts'
import { ForwardedStream } from './forwarded-stream.ts'
import { type LoggedIn, Login } from './login.ts'
import { forwardingError, type SshConfig, tunnelError } from './ssh-error.ts'
import { readableKey } from './ssh-key.ts'

const KEEP_ALIVE_MS = 15_000
const UNANSWERED_KEEP_ALIVES = 3
/** Origin of forwarded connections, which is required by the protocol and has no effect. */
const ORIGIN = { host: '127.0.0.1', port: 0 }

/**
 * Type of a public key → the signature algorithms by which a server can prove that it has the
 * private key.
 */
const HOST_KEY_ALGORITHMS = new Map<string, readonly ServerHostKeyAlgorithm[]>([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']],
])

/** All algorithms, in the preference order of a client without a known host key. */
const ALL_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [...HOST_KEY_ALGORITHMS.values()].flat()

/** Destination of a connection, resolved by the SSH server. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** One SSH connection that forwards any number of connections. */
export class SshTunnel {
  readonly #ssh: SshConfig
  readonly #client: Client
  /** Host key of the server. */
  readonly hostKey: SshHostKey
  #isOpen = true

  private constructor(ssh: SshConfig, { client, hostKey }: LoggedIn) {
    this.#ssh = ssh
    this.#client = client
    this.hostKey = hostKey
    client.on('close', () => {
      this.#isOpen = false
    })
  }

  /** Logs in. @throws ConnectorError with the problem of the connection to the SSH server. */
  static async open(ssh: SshConfig, deadline: Deadline): Promise<SshTunnel> {
    const { default: ssh2 } = await import('ssh2')
    const options = loginOptions(ssh, (key, passphrase) => {
      const parsed: unknown = ssh2.utils.parseKey(key, passphrase ?? undefined)
      return parsed instanceof Error ? parsed : null
    })
    const client = new ssh2.Client()
    client.on('error', ignore)
    try {
      const sock = await connectServer(ssh, deadline)
      return new SshTunnel(ssh, await new Login(client, ssh).run({ ...options, sock }, deadline))
    } catch (error) {
      client.destroy()
      throw tunnelError(error, ssh)
    }
  }

  /** Whether new connections can be forwarded. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Opens a connection to the database. @throws ConnectorError that distinguishes a failure of
   * forwarding from one of the database.
   */
  async connect(target: Target, deadline: Deadline): Promise<Duplex> {
    try {
      return new ForwardedStream(await this.#forward(target, deadline))
    } catch (error) {
      throw forwardingError(error, this.#ssh, target)
    }
  }

  /** Logs out and closes the forwarded connections. */
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

/**
 * Connects a socket for ssh2, because Node.js by default abandons an address that does not accept
 * within 250 ms.
 */
async function connectServer({ host, port }: SshConfig, deadline: Deadline): Promise<Duplex> {
  const addresses = await resolveHost(host, deadline)
  return await connectFirst(
    addresses,
    (address) => connect({ host: address, port, noDelay: true }),
    deadline,
  )
}

function loginOptions(ssh: SshConfig, trial: Parameters<typeof readableKey>[2]): ConnectConfig {
  const { user: username, hostKeys } = ssh
  const types = hostKeys.flatMap(({ type }) => HOST_KEY_ALGORITHMS.get(type ?? '') ?? [])
  const options: ConnectConfig = {
    username,
    readyTimeout: 0,
    algorithms: { serverHostKey: [...new Set([...types, ...ALL_ALGORITHMS])] },
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

/** Prevents that an error without a listener ends the process. Forwarded connections are closed. */
function ignore(): void {}
