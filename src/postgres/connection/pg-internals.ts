import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Client, Connection } from 'pg'
import { SHARED_CHUNK } from './socket.ts'
import { proveScram } from './scram/scram-proof.ts'
import { ForwardedStream } from './ssh/forwarded-stream.ts'

/*
 * All uses of undocumented parts of pg. package.json pins the exact version of pg, and
 * pg-internals.pg.test.ts checks each of them against a server.
 */
declare module 'pg' {
  interface ClientBase {
    /**
     * Process ID and secret key of the backend (BackendKeyData), which a cancel request contains.
     */
    readonly processID: number
    readonly secretKey: number
  }
  interface Client {
    /** State of the current SCRAM exchange. */
    readonly saslSession: ScramSession
  }
  interface Connection {
    sendSCRAMClientFinalMessage(response: string): void
  }
  interface QueryConfig {
    /** `extended`: uses Parse, Describe and Execute also for a statement without parameters. */
    queryMode?: 'extended'
  }
}

/** Transport of a connection to the server. */
export type ServerStream = Socket | ForwardedStream

/** The stream of a client. */
export function streamOf(client: Client): ServerStream {
  const stream: unknown = client.connection.stream
  if (stream instanceof Socket || stream instanceof ForwardedStream) return stream
  throw new Error('The connection has no stream')
}

/** Makes `client`, which must not be connected yet, use a connected stream. */
export function useStream(client: Client, stream: Duplex): void {
  Object.assign(client.connection, { stream: alreadyConnected(stream) })
}

/** pg calls `connect` and waits for the event of the same name. */
function alreadyConnected(stream: Duplex): Duplex {
  const connect = (): Duplex => {
    queueMicrotask(() => stream.emit('connect'))
    return stream
  }
  if (stream instanceof Socket) return Object.assign(stream, { connect })
  // Socket options do not apply to a stream through a tunnel
  const ignore = (): Duplex => stream
  const options = { setNoDelay: ignore, setKeepAlive: ignore, ref: ignore, unref: ignore }
  return Object.assign(stream, options, { connect })
}

/** Values of a SCRAM exchange in pg: its nonce, and the signature expected from the server. */
interface ScramSession {
  readonly clientNonce: string
  serverSignature: string
}

/**
 * Makes `client`, which must not be connected yet, authenticate by SCRAM with the unmodified
 * `password`. pg always normalizes the password, also when libpq and the server do not.
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

/** Receives the bytes from the server in place of pg's parser, until `release`. */
export class SocketTakeover {
  isReleased = false
  readonly #stream: Duplex
  readonly #onData: DataListener
  /** Listeners of pg's parser. */
  readonly #listeners: readonly DataListener[]

  /** @param onData receives each chunk, which stays valid while the stream is paused. */
  constructor(connection: Connection, onData: DataListener) {
    const stream: unknown = connection.stream
    if (!(stream instanceof Duplex)) throw new Error('The connection has no stream')
    this.#stream = stream
    this.#onData = onData
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a data listener of a stream takes a chunk
    this.#listeners = stream.listeners('data') as DataListener[]
    stream.removeAllListeners('data')
    stream.on('data', onData)
    stream.on(SHARED_CHUNK, onData)
  }

  /** Pauses the stream; no effect after `release`. */
  pause(): void {
    if (!this.isReleased) this.#stream.pause()
  }

  /** Resumes the stream; no effect after `release`. */
  resume(): void {
    if (!this.isReleased) this.#stream.resume()
  }

  /** Passes bytes to pg's parser, also after `release`. The parser may keep a reference to them. */
  forward(bytes: Buffer): void {
    for (const listener of this.#listeners) listener(bytes)
  }

  /** Returns the stream to pg's parser. */
  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.#stream.off('data', this.#onData)
    this.#stream.off(SHARED_CHUNK, this.#onData)
    for (const listener of this.#listeners) this.#stream.on('data', listener)
    this.#stream.resume()
  }
}
