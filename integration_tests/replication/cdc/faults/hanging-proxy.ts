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
}

/** A proxy to a server that stops to answer, on connections that stay open. */
export class HangingProxy extends TcpProxy {
  /** Applies to the connections that begin while it is set. */
  hang: Hang | null
  /** Connections that hang or have hung. */
  hanging = 0

  private constructor(listener: Server, targetPort: number, hang: Hang | null) {
    super(listener, targetPort)
    this.hang = hang
  }

  static async start(targetPort: number, hang: Hang | null = null): Promise<HangingProxy> {
    return new HangingProxy(await TcpProxy.listen(), targetPort, hang)
  }

  protected override relay(client: Socket, server: Socket): void {
    const { hang, connections } = this
    client.once('data', (first: Buffer) => {
      server.write(first)
      client.pipe(server)
      if (hang === null || connections < (hang.from ?? 1) || !isMeant(hang, first)) {
        server.pipe(client)
        return
      }
      this.hanging++
      hangAfter(hang.last, client, server)
    })
  }
}

function isMeant({ isOfLog = false }: Hang, first: Buffer): boolean {
  return !isOfLog || first.includes('replication\0database\0')
}

function hangAfter(last: LastData, client: Socket, server: Socket): void {
  let hasLast = last === 'nothing'
  server.on('data', (chunk: Buffer) => {
    if (hasLast) return
    client.write(chunk)
    hasLast = last === 'tls' || chunk.includes(READY_FOR_QUERY)
  })
}
