import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Client } from 'pg'
import { ForwardedStream } from './ssh/forwarded-stream.ts'

declare module 'pg' {
  interface ClientBase {
    /** Of the backend; what a cancel request names. */
    readonly processID: number
    readonly secretKey: number
  }
}

/** What a connection to the server runs over. */
export type ServerStream = Socket | ForwardedStream

/** The stream of a client. */
export function streamOf(client: Client): ServerStream {
  const stream: unknown = client.connection.stream
  if (stream instanceof Socket || stream instanceof ForwardedStream) return stream
  throw new Error('The connection has no stream')
}

/** `stream` as pg wants it: it calls `connect` and waits for the event, but this one is connected. */
export function alreadyConnected(stream: Duplex): Duplex {
  const connect = (): Duplex => {
    queueMicrotask(() => stream.emit('connect'))
    return stream
  }
  if (stream instanceof Socket) return Object.assign(stream, { connect })
  // What pg sets on sockets means nothing for a stream through a tunnel
  const nothing = (): Duplex => stream
  const settings = { setNoDelay: nothing, setKeepAlive: nothing, ref: nothing, unref: nothing }
  return Object.assign(stream, settings, { connect })
}
