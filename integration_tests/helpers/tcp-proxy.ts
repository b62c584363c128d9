import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 that opens a connection to the target for each connection to it. */
export abstract class TcpProxy implements AsyncDisposable {
  /** Number of connections so far. */
  connections = 0
  /** The sockets to clients, and those to the target. */
  protected readonly sockets = new Set<Socket>()
  readonly #listener: Server

  protected constructor(listener: Server, targetPort: number) {
    this.#listener = listener
    listener.on('connection', (client) => this.#join(client, targetPort))
  }

  protected static async listen(): Promise<Server> {
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    return listener
  }

  get port(): number {
    const address = this.#listener.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
    return address.port
  }

  /** Closes all current connections. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close()
    this.cutAll()
    await once(this.#listener, 'close')
  }

  /** Passes data on in both directions. */
  protected abstract relay(client: Socket, server: Socket): void

  #join(client: Socket, targetPort: number): void {
    this.connections++
    const server = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
    client.setNoDelay(true)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.sockets.delete(socket)
        other.destroy()
      })
    }
    this.relay(client, server)
  }
}
