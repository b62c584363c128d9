import type { Server, Socket } from 'node:net'
import { TcpProxy } from './tcp-proxy.ts'

/**
 * Fault of the bytes from the server. Bytes to the server are always passed on, except with
 * `silence`.
 */
export type Fault =
  | { readonly type: 'none' }
  /** Every chunk is delayed. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Bandwidth limit. */
  | { readonly type: 'throttle'; readonly bytesPerSecond: number }
  /** Every chunk is passed on in pieces of this many bytes. */
  | { readonly type: 'pieces'; readonly bytes: number }
  /** After this many bytes of a connection, both sides receive the end of the stream. */
  | { readonly type: 'cut'; readonly afterBytes: number }
  /** After this many bytes of a connection, both sides receive a reset. */
  | { readonly type: 'reset'; readonly afterBytes: number }
  /**
   * After this many bytes of a connection, nothing is passed on in either direction, without a signal
   * to either side.
   */
  | { readonly type: 'silence'; readonly afterBytes: number }

const TICK_MS = 20

/** A proxy with one fault. A connection has the fault that is set when it is opened. */
export class FaultProxy extends TcpProxy {
  fault: Fault
  /** Resolves when a connection has become silent. */
  readonly silent: Promise<void>
  /** Highest number of simultaneous connections. */
  peak = 0
  #onSilent: (() => void) | null = null
  readonly #relays = new Set<Relay>()

  private constructor(listener: Server, targetPort: number, fault: Fault) {
    super(listener, targetPort)
    this.fault = fault
    this.silent = new Promise((resolve) => {
      this.#onSilent = resolve
    })
  }

  static async start(targetPort: number, fault: Fault = { type: 'none' }): Promise<FaultProxy> {
    return new FaultProxy(await TcpProxy.listen(), targetPort, fault)
  }

  /** Stops passing bytes on the current connections, without a signal to either side. */
  silence(): void {
    for (const relay of this.#relays) relay.isSilent = true
  }

  protected override relay(client: Socket, server: Socket): void {
    // Each connection has a socket to the client and one to the server
    this.peak = Math.max(this.peak, this.sockets.size / 2)
    const relay = new Relay({ client, server }, this.fault, () => this.#onSilent?.())
    this.#relays.add(relay)
    client.on('close', () => this.#relays.delete(relay))
    client.on('data', (chunk: Buffer) => relay.toServer(chunk))
    server.on('data', (chunk: Buffer) => relay.toClient(chunk))
  }
}

/** One connection and its fault. */
class Relay {
  isSilent = false
  readonly #client: Socket
  readonly #server: Socket
  readonly #fault: Fault
  readonly #onSilent: () => void
  #passedBytes = 0

  constructor(
    { client, server }: { client: Socket; server: Socket },
    fault: Fault,
    onSilent: () => void,
  ) {
    this.#client = client
    this.#server = server
    this.#fault = fault
    this.#onSilent = onSilent
  }

  toServer(chunk: Buffer): void {
    if (!this.isSilent) pass(chunk, this.#client, this.#server)
  }

  toClient(chunk: Buffer): void {
    if (this.isSilent) return
    const fault = this.#fault
    switch (fault.type) {
      case 'none':
        return pass(chunk, this.#server, this.#client)
      case 'delay':
        setTimeout(() => pass(chunk, this.#server, this.#client), fault.ms)
        return
      case 'throttle':
        return this.#trickle(chunk, Math.ceil((fault.bytesPerSecond * TICK_MS) / 1000))
      case 'pieces':
        return this.#inPieces(chunk, fault.bytes)
      case 'cut':
      case 'reset':
      case 'silence':
        return this.#passUntil(chunk, fault)
      default:
        fault satisfies never
    }
  }

  #trickle(chunk: Buffer, pieceBytes: number): void {
    this.#server.pause()
    this.#client.write(chunk.subarray(0, pieceBytes))
    const rest = chunk.subarray(pieceBytes)
    setTimeout(() => {
      if (rest.length > 0) this.#trickle(rest, pieceBytes)
      else this.#server.resume()
    }, TICK_MS)
  }

  #inPieces(chunk: Buffer, pieceBytes: number): void {
    this.#server.pause()
    this.#client.write(chunk.subarray(0, pieceBytes))
    const rest = chunk.subarray(pieceBytes)
    setImmediate(() => {
      if (rest.length > 0) this.#inPieces(rest, pieceBytes)
      else this.#server.resume()
    })
  }

  #passUntil(chunk: Buffer, fault: Extract<Fault, { readonly afterBytes: number }>): void {
    if (this.isSilent) return
    const left = fault.afterBytes - this.#passedBytes
    this.#passedBytes += chunk.length
    if (chunk.length <= left) return pass(chunk, this.#server, this.#client)
    if (left > 0) this.#client.write(chunk.subarray(0, left))
    if (fault.type === 'silence') {
      this.isSilent = true
      this.#onSilent()
    } else if (fault.type === 'cut') this.#client.end(() => this.#server.destroy())
    else {
      this.#client.resetAndDestroy()
      this.#server.resetAndDestroy()
    }
  }
}

function pass(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.destroyed || to.write(chunk)) return
  from.pause()
  to.once('drain', () => from.resume())
}
