import type { Server, Socket } from 'node:net'
import { TcpProxy } from '../../../helpers/tcp-proxy.ts'

/** ReadyForQuery: type, length and the state of the transaction. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/**
 * Last data that a connection receives from the server: `tls` the answer to SSLRequest, `login` the
 * end of the start-up.
 */
type LastData = 'nothing' | 'tls' | 'login'

/** Which connections hang. Connections that open TLS cannot be distinguished. */
export interface Hang {
  readonly last: LastData
  /** Default: all connections; else only those that can read the log. */
  readonly isOfLog?: boolean
  /** First connection that hangs; default 1. */
  readonly from?: number
  /** Number of connections that hang; default: all that follow. */
  readonly times?: number
}

/** A proxy to a server that stops answering, on connections that stay open. */
export class HangingProxy extends TcpProxy {
  /** Number of connections that hang or have hung. */
  hanging = 0
  readonly #hang: Hang

  private constructor(listener: Server, targetPort: number, hang: Hang) {
    super(listener, targetPort)
    this.#hang = hang
  }

  static async start(targetPort: number, hang: Hang): Promise<HangingProxy> {
    return new HangingProxy(await TcpProxy.listen(), targetPort, hang)
  }

  protected override relay(client: Socket, server: Socket): void {
    const { last, isOfLog = false, from = 1, times = Infinity } = this.#hang
    const isLate = this.connections >= from
    client.once('data', (first: Buffer) => {
      server.write(first)
      client.pipe(server)
      const isMeant = !isOfLog || first.includes('replication\0database\0')
      if (isLate && isMeant && this.hanging < times) {
        this.hanging++
        hangAfter(last, client, server)
      } else server.pipe(client)
    })
  }
}

function hangAfter(last: LastData, client: Socket, server: Socket): void {
  let hasLast = last === 'nothing'
  server.on('data', (chunk: Buffer) => {
    if (hasLast) return
    client.write(chunk)
    hasLast = last === 'tls' || chunk.includes(READY_FOR_QUERY)
  })
}
