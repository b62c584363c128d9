import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../../../helpers/free-port.ts'

const execute = promisify(execFile)
const SSHD = '/usr/sbin/sshd'
const START_TIMEOUT_MS = 20_000

/** Common formats of private keys. */
export const KEY_KINDS = [
  'RSA, OpenSSH',
  'RSA, PEM (PKCS#1)',
  'RSA, PEM (PKCS#8)',
  'Ed25519, OpenSSH',
  'Ed25519, PEM (PKCS#8)',
  'ECDSA, PEM (SEC 1)',
] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** Types of its host keys. */
const HOST_KEY_TYPES = ['ed25519', 'ecdsa'] as const
export type HostKeyType = (typeof HOST_KEY_TYPES)[number]

const KEYGEN: Readonly<Record<Exclude<KeyKind, 'Ed25519, PEM (PKCS#8)'>, readonly string[]>> = {
  'RSA, OpenSSH': ['-t', 'rsa', '-b', '2048'],
  'RSA, PEM (PKCS#1)': ['-t', 'rsa', '-b', '2048', '-m', 'PEM'],
  'RSA, PEM (PKCS#8)': ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'],
  'Ed25519, OpenSSH': ['-t', 'ed25519'],
  'ECDSA, PEM (SEC 1)': ['-t', 'ecdsa', '-m', 'PEM'],
}

/**
 * OpenSSH's server on a port of 127.0.0.1. Its user can log in with the keys that it has generated.
 */
export class SshServer implements AsyncDisposable {
  readonly user = userInfo().username
  readonly port: number
  readonly #directory: string
  #process: ChildProcess | null = null
  #log = ''

  private constructor(directory: string, port: number) {
    this.#directory = directory
    this.port = port
  }

  /** @param settings lines of sshd_config, before the default ones. */
  static async start(settings: readonly string[] = []): Promise<SshServer> {
    const directory = await mkdtemp(join(tmpdir(), 'sshd-'))
    const server = new SshServer(directory, await freePort())
    await server.#initialize(settings)
    await server.#launch()
    return server
  }

  /** Everything that it has logged. */
  get log(): string {
    return this.#log
  }

  /** File with the accepted keys. */
  get authorizedKeysFile(): string {
    return join(this.#directory, 'authorized_keys')
  }

  /** Public part of one of its host keys. */
  async hostKey(type: HostKeyType): Promise<string> {
    return (await readFile(`${this.#hostKeyFile(type)}.pub`, 'utf8')).trim()
  }

  /** Fingerprint of one of its host keys, in the format of ssh-keygen. */
  async fingerprint(type: HostKeyType): Promise<string> {
    const { stdout } = await execute('ssh-keygen', ['-l', '-f', this.#hostKeyFile(type)])
    return stdout.split(' ')[1] ?? ''
  }

  #hostKeyFile(type: HostKeyType): string {
    return join(this.#directory, `host_key_${type}`)
  }

  /** Generates a private key that it accepts. */
  async createKey(kind: KeyKind, passphrase = ''): Promise<string> {
    const path = join(this.#directory, `key-${kind.replaceAll(/\W/g, '')}-${passphrase.length}`)
    if (kind === 'Ed25519, PEM (PKCS#8)') {
      const cipher = passphrase === '' ? [] : ['-aes256', '-pass', `pass:${passphrase}`]
      await execute('openssl', ['genpkey', '-algorithm', 'ed25519', ...cipher, '-out', path])
      const pem = await readFile(path, 'utf8')
      await writeFile(this.authorizedKeysFile, `${openSshPublicKey(pem, passphrase)}\n`, {
        flag: 'a',
      })
      return pem
    }
    await execute('ssh-keygen', ['-q', ...KEYGEN[kind], '-N', passphrase, '-f', path])
    await writeFile(this.authorizedKeysFile, await readFile(`${path}.pub`, 'utf8'), { flag: 'a' })
    return await readFile(path, 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const process = this.#process
    if (process !== null && process.exitCode === null && process.signalCode === null) {
      const ended = once(process, 'exit')
      process.kill('SIGTERM')
      await ended
    }
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #initialize(settings: readonly string[]): Promise<void> {
    for (const type of HOST_KEY_TYPES) {
      await execute('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', this.#hostKeyFile(type)])
    }
    await writeFile(this.authorizedKeysFile, '', { mode: 0o600 })
    // As root, sshd requires this directory; Debian's service creates it at start-up
    if (process.getuid?.() === 0 && !existsSync('/run/sshd')) await mkdir('/run/sshd')
    const own = [
      ...HOST_KEY_TYPES.map((type) => `HostKey ${this.#hostKeyFile(type)}`),
      `AuthorizedKeysFile ${this.authorizedKeysFile}`,
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'LogLevel VERBOSE',
    ]
    await writeFile(join(this.#directory, 'sshd_config'), [...settings, ...own, ''].join('\n'))
  }

  async #launch(): Promise<void> {
    const args = ['-D', '-e', '-f', join(this.#directory, 'sshd_config')]
    const child = spawn(SSHD, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    this.#process = child
    const deadlineMs = Date.now() + START_TIMEOUT_MS
    while (!this.#log.includes('Server listening')) {
      if (child.exitCode !== null || Date.now() > deadlineMs) {
        throw new Error(`sshd did not start:\n${this.#log}`)
      }
      await sleep(20)
    }
  }
}

function openSshPublicKey(pem: string, passphrase: string): string {
  const key = createPrivateKey({ key: pem, ...(passphrase !== '' && { passphrase }) })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const parts = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')].map((bytes) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  })
  return `ssh-ed25519 ${Buffer.concat(parts).toString('base64')}`
}
