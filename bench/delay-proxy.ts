import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 that makes the server as far away as it likes, and counts round trips. */
export class DelayProxy implements AsyncDisposable {
  /** How often a connection has asked anew after an answer, summed over all connections. */
  roundTrips = 0
  /** Connections so far. */
  connections = 0
  readonly #listener: Server
  readonly #delayMs: number
  readonly #sockets = new Set<Socket>()

  private constructor(listener: Server, targetPort: number, roundTripMs: number) {
    this.#listener = listener
    this.#delayMs = roundTripMs / 2
    listener.on('connection', (client) => this.#join(client, targetPort))
  }

  /** @param roundTripMs 0: bytes pass at once, and round trips are counted only. */
  static async start(targetPort: number, roundTripMs: number): Promise<DelayProxy> {
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    return new DelayProxy(listener, targetPort, roundTripMs)
  }

  get port(): number {
    const address = this.#listener.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
    return address.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#listener, 'close')
  }

  #join(client: Socket, targetPort: number): void {
    this.connections++
    const server = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
    client.setNoDelay(true)
    let isAnswered = true
    client.on('data', (chunk: Buffer) => {
      if (isAnswered) this.roundTrips++
      isAnswered = false
      this.#pass(chunk, server)
    })
    server.on('data', (chunk: Buffer) => {
      isAnswered = true
      this.#pass(chunk, client)
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }

  #pass(chunk: Buffer, to: Socket): void {
    if (this.#delayMs === 0) to.write(chunk)
    else setTimeout(() => to.write(chunk), this.#delayMs)
  }
}
