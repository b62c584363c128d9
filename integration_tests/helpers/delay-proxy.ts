import type { Server, Socket } from 'node:net'
import { TcpProxy } from './tcp-proxy.ts'

/** A proxy that adds a round-trip time and counts round trips. */
export class DelayProxy extends TcpProxy {
  /** Number of requests that follow an answer, over all connections. */
  roundTrips = 0
  readonly #delayMs: number

  private constructor(listener: Server, targetPort: number, roundTripMs: number) {
    super(listener, targetPort)
    this.#delayMs = roundTripMs / 2
  }

  /** @param roundTripMs 0: no delay, round trips are only counted. */
  static async start(targetPort: number, roundTripMs: number): Promise<DelayProxy> {
    return new DelayProxy(await TcpProxy.listen(), targetPort, roundTripMs)
  }

  protected override relay(client: Socket, server: Socket): void {
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
  }

  #pass(chunk: Buffer, to: Socket): void {
    if (this.#delayMs === 0) to.write(chunk)
    else setTimeout(() => to.write(chunk), this.#delayMs)
  }
}
