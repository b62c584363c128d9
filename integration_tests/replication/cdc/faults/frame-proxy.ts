import type { Server, Socket } from 'node:net'
import { TcpProxy } from '../../../helpers/tcp-proxy.ts'

const COPY_DATA = 0x64 /* d */
const XLOG_DATA = 0x77 /* w */
/** Size of the type and length of a message. */
const HEADER_BYTES = 5
/**
 * Position of the letter of the pgoutput message in an XLogData frame: after three positions and a
 * letter.
 */
const PGOUTPUT_OFFSET = HEADER_BYTES + 25

/** A frame of the log, sent by a walsender. */
export interface Frame {
  /** Letter of the pgoutput message, or `k` for a keepalive. */
  readonly kind: string
  /** Starts at 1 on each connection. */
  readonly number: number
}

/** Where connections that read the log are cut. */
export interface FrameCut {
  readonly isBehind: (frame: Frame) => boolean
  /** Whether the first half of the next frame is still passed on. */
  readonly isHalf?: boolean
  /** Whether both sides receive a reset in place of the end of the stream. */
  readonly isReset?: boolean
  /** Number of connections that are cut; default: all. */
  readonly times?: number
}

/** A proxy that cuts replication connections between two frames and passes on all others. */
export class FrameProxy extends TcpProxy {
  /** Last whole frame of each connection that was cut. */
  readonly lastFrames: Frame[] = []
  readonly #cut: FrameCut

  private constructor(listener: Server, targetPort: number, cut: FrameCut) {
    super(listener, targetPort)
    this.#cut = cut
  }

  static async start(targetPort: number, cut: FrameCut): Promise<FrameProxy> {
    return new FrameProxy(await TcpProxy.listen(), targetPort, cut)
  }

  protected override relay(client: Socket, server: Socket): void {
    client.once('data', (startup: Buffer) => {
      server.write(startup)
      client.pipe(server)
      const isLog = startup.includes('replication\0database\0')
      if (isLog && this.lastFrames.length < (this.#cut.times ?? Infinity)) {
        this.#relayFrames(client, server)
      } else server.pipe(client)
    })
  }

  #relayFrames(client: Socket, server: Socket): void {
    let pending: Buffer = Buffer.alloc(0)
    let last: Frame = { kind: '', number: 0 }
    let isLast = false
    server.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      for (let end = endOf(pending); end <= pending.length && !client.writableEnded;) {
        const message = pending.subarray(0, end)
        if (isLast) {
          client.write(message.subarray(0, end / 2))
          return this.#end(client, server, last)
        }
        client.write(message)
        pending = pending.subarray(end)
        end = endOf(pending)
        if (message[0] !== COPY_DATA) continue
        last = { kind: kindOf(message), number: last.number + 1 }
        if (!this.#cut.isBehind(last)) continue
        if (this.#cut.isHalf !== true) return this.#end(client, server, last)
        isLast = true
      }
    })
  }

  #end(client: Socket, server: Socket, last: Frame): void {
    this.lastFrames.push(last)
    server.pause()
    if (this.#cut.isReset === true) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    } else client.end() // Closes the other side when the client has closed this one, after all data was sent
  }
}

/** Returns the end of the message at the start of `bytes`. */
function endOf(bytes: Buffer): number {
  return bytes.length < HEADER_BYTES ? Infinity : 1 + bytes.readInt32BE(1)
}

function kindOf(message: Buffer): string {
  const isXLogData = message[HEADER_BYTES] === XLOG_DATA
  return String.fromCharCode(message[isXLogData ? PGOUTPUT_OFFSET : HEADER_BYTES]!)
}
