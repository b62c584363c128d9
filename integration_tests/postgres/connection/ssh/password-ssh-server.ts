import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import ssh2 from 'ssh2'

/** Prompts of one request of keyboard-interactive. */
export type Round = readonly ssh2.Prompt[]

/**
 * An SSH server that accepts any user with one password, by one method, and forwards connections.
 */
export class PasswordSshServer implements AsyncDisposable {
  /** Passwords and answers that it has received. */
  readonly received: readonly string[]
  readonly #server: ssh2.Server

  private constructor(server: ssh2.Server, received: string[]) {
    this.#server = server
    this.received = received
  }

  static async start(
    method: 'password' | 'keyboard-interactive',
    password: string,
    rounds: readonly Round[] = [[{ prompt: 'Password: ', echo: false }]],
  ): Promise<PasswordSshServer> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const hostKeys = [privateKey.export({ type: 'pkcs1', format: 'pem' })]
    const received: string[] = []
    const isKnown = (answer: string): boolean => {
      received.push(answer)
      return answer === password
    }
    const server = new ssh2.Server({ hostKeys }, (client) => {
      client.on('error', () => undefined)
      client.on('authentication', (attempt) => {
        if (attempt.method !== method) attempt.reject(['password', 'keyboard-interactive'])
        else if (attempt.method === 'keyboard-interactive') ask(attempt, rounds, isKnown)
        else if (attempt.method !== 'password' || !isKnown(attempt.password)) attempt.reject()
        else attempt.accept()
      })
      client.on('tcpip', (accept, _reject, { destIP, destPort }) => {
        const channel = accept()
        const socket = connect(destPort, destIP).on('error', () => channel.close())
        socket.pipe(channel).pipe(socket)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new PasswordSshServer(server, received)
  }

  get port(): number {
    const address: unknown = this.#server.address()
    return Number(Object(address).port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

/** Sends the prompts round by round; accepts if every prompt was answered. */
function ask(
  attempt: ssh2.KeyboardAuthContext,
  [prompts, ...later]: readonly Round[],
  isKnown: (answer: string) => boolean,
): void {
  if (prompts === undefined) return attempt.accept()
  attempt.prompt([...prompts], (answers) => {
    if (answers.length === prompts.length && answers.every(isKnown)) ask(attempt, later, isKnown)
    else attempt.reject()
  })
}
