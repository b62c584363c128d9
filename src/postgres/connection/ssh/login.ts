import type { Client, ConnectConfig, Prompt } from 'ssh2'
import { type SshHostKey, sshHostKeyOf } from '../../../config/ssh-host-key.ts'
import type { Deadline } from '../deadline.ts'
import { hostKeyError, promptError, type SshConfig } from './ssh-error.ts'

/** A client that has logged in, and the host key of the server. */
export interface LoggedIn {
  readonly client: Client
  readonly hostKey: SshHostKey
}

/** One attempt to log in to an SSH server. */
export class Login {
  readonly #client: Client
  readonly #ssh: SshConfig
  #hostKey: SshHostKey | null = null
  /** Reason for which the connector ended the attempt. */
  #refusal: Error | null = null
  #hasAnswered = false

  constructor(client: Client, ssh: SshConfig) {
    this.#client = client
    this.#ssh = ssh
  }

  /**
   * @throws ConnectorError if the connector ended the attempt; the error of ssh2 or of `deadline`.
   */
  run(options: ConnectConfig, deadline: Deadline): Promise<LoggedIn> {
    const client = this.#client
    const { signal } = deadline
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(this.#refusal ?? error)
      const onAbort = (): void => reject(deadline.error)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      client.once('ready', () => {
        signal.removeEventListener('abort', onAbort)
        if (this.#hostKey === null) fail(new Error('the SSH server has shown no host key'))
        else resolve({ client, hostKey: this.#hostKey })
      })
      client.once('error', fail)
      client.once('close', () => fail(new Error('the SSH server closed the connection')))
      client.on('keyboard-interactive', (_name, _text, _language, prompts, answer) => {
        answer(this.#answer(prompts))
        if (this.#refusal !== null) fail(this.#refusal)
      })
      client.connect({ ...options, hostVerifier: (key: Buffer) => this.#verify(key) })
    })
  }

  #verify(key: Buffer): boolean {
    const hostKey = sshHostKeyOf(key)
    const { hostKeys } = this.#ssh
    this.#hostKey = hostKey
    if (hostKeys.length === 0) return true
    if (hostKeys.some(({ fingerprint }) => fingerprint === hostKey.fingerprint)) return true
    this.#refusal = hostKeyError(this.#ssh, hostKey)
    return false
  }

  /**
   * Answers with the password, which some servers request only by this method. Any other prompt
   * cannot be answered.
   */
  #answer(prompts: readonly Prompt[]): string[] {
    const [prompt] = prompts
    if (prompt === undefined) return []
    if (this.#ssh.method === 'SSH_PASSWORD_AUTH' && !this.#hasAnswered) {
      const isPassword = prompts.length === 1 && prompt.echo !== true
      this.#hasAnswered = isPassword
      if (isPassword) return [this.#ssh.password]
    }
    this.#refusal = promptError(this.#ssh)
    return []
  }
}
