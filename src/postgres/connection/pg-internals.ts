import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Client, Connection } from 'pg'
import { SHARED_CHUNK } from './socket.ts'
import { proveScram } from './scram/scram-proof.ts'
import { ForwardedStream } from './ssh/forwarded-stream.ts'

/*
 * All use of what pg does not document. package.json pins the version of pg exactly, and pg-internals.pg.test.ts checks
 * each of these facts against a server.
 */
declare module 'pg' {
  interface ClientBase {
    /** Process ID and secret key of the backend (BackendKeyData), which a cancel request names. */
    readonly processID: number
    readonly secretKey: number
  }
  interface Client {
    /** Of the SCRAM exchange that is under way. */
    readonly saslSession: ScramSession
  }
  interface Connection {
    sendSCRAMClientFinalMessage(response: string): void
  }
  interface QueryConfig {
    /** `extended`: Parse, Describe and Execute also for a statement without parameters. */
    queryMode?: 'extended'
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

/** Makes `client`, which has not been connected yet, run over a stream that is. */
export function useStream(client: Client, stream: Duplex): void {
  Object.assign(client.connection, { stream: alreadyConnected(stream) })
}

/** pg calls `connect` and waits for the event of that name. */
function alreadyConnected(stream: Duplex): Duplex {
  const connect = (): Duplex => {
    queueMicrotask(() => stream.emit('connect'))
    return stream
  }
  if (stream instanceof Socket) return Object.assign(stream, { connect })
  // Socket options have no meaning for a stream through a tunnel
  const ignore = (): Duplex => stream
  const options = { setNoDelay: ignore, setKeepAlive: ignore, ref: ignore, unref: ignore }
  return Object.assign(stream, options, { connect })
}

/** What pg keeps of a SCRAM exchange: its nonce, and the signature that it expects from the server. */
interface ScramSession {
  readonly clientNonce: string
  serverSignature: string
}

/**
 * Makes `client`, which has not been connected yet, log in by SCRAM with `password` as it is. pg normalizes it, also when
 * libpq and the server do not.
 */
export function useRawPassword(client: Client, password: string): void {
  const { connection } = client
  const send = connection.sendSCRAMClientFinalMessage.bind(connection)
  let serverFirst = ''
  connection.on('authenticationSASLContinue', ({ data }: { data: string }) => {
    serverFirst = data
  })
  connection.sendSCRAMClientFinalMessage = (response) => {
    const clientFinalWithoutProof = response.slice(0, response.lastIndexOf(',p='))
    const clientFirst = `n=*,r=${client.saslSession.clientNonce}`
    const exchange = { clientFirst, serverFirst, clientFinalWithoutProof }
    const { clientProof, serverSignature } = proveScram(password, exchange)
    client.saslSession.serverSignature = serverSignature
    send(`${clientFinalWithoutProof},p=${clientProof}`)
  }
}

type DataListener = (chunk: Buffer) => void

/** The bytes from the server, taken from pg's parser until `release`. */
export class SocketTakeover {
  isReleased = false
  readonly #stream: Duplex
  readonly #onData: DataListener
  /** pg's parser. */
  readonly #listeners: readonly DataListener[]

  /** @param onData gets each chunk, which stays valid while the stream is paused. */
  constructor(connection: Connection, onData: DataListener) {
    const stream: unknown = connection.stream
    if (!(stream instanceof Duplex)) throw new Error('The connection has no stream')
    this.#stream = stream
    this.#onData = onData
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a listener of a stream's data takes a chunk
    this.#listeners = stream.listeners('data') as DataListener[]
    stream.removeAllListeners('data')
    stream.on('data', onData)
    stream.on(SHARED_CHUNK, onData)
  }

  /** Stops the stream; no effect after `release`. */
  pause(): void {
    if (!this.isReleased) this.#stream.pause()
  }

  /** Lets the stream flow; no effect after `release`. */
  resume(): void {
    if (!this.isReleased) this.#stream.resume()
  }

  /** Passes bytes to pg's parser, also after `release`. It may keep a reference to them. */
  forward(bytes: Buffer): void {
    for (const listener of this.#listeners) listener(bytes)
  }

  /** Gives the stream back to pg's parser. */
  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.#stream.off('data', this.#onData)
    this.#stream.off(SHARED_CHUNK, this.#onData)
    for (const listener of this.#listeners) this.#stream.on('data', listener)
    this.#stream.resume()
  }
}
