import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import ssh2 from 'ssh2'

/** An SSH server that lets anybody in with one password, by one method, and forwards. */
export class PasswordSshServer implements AsyncDisposable {
  readonly #server: ssh2.Server

  private constructor(server: ssh2.Server) {
    this.#server = server
  }

  static async start(
    method: 'password' | 'keyboard-interactive',
    password: string,
  ): Promise<PasswordSshServer> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const hostKeys = [privateKey.export({ type: 'pkcs1', format: 'pem' })]
    const server = new ssh2.Server({ hostKeys }, (client) => {
      client.on('error', () => undefined)
      client.on('authentication', (attempt) => authenticate(attempt, method, password))
      client.on('tcpip', (accept, _reject, { destIP, destPort }) => {
        const channel = accept()
        const socket = connect(destPort, destIP).on('error', () => channel.close())
        socket.pipe(channel).pipe(socket)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new PasswordSshServer(server)
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

function authenticate(attempt: ssh2.AuthContext, method: string, password: string): void {
  if (attempt.method !== method) return attempt.reject(['password', 'keyboard-interactive'])
  if (attempt.method === 'password') {
    return attempt.password === password ? attempt.accept() : attempt.reject()
  }
  if (attempt.method !== 'keyboard-interactive') return attempt.reject()
  attempt.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) =>
    answer === password ? attempt.accept() : attempt.reject(),
  )
}
