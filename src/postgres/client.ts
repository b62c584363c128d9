import type { Socket } from 'node:net'
import { Client, type ClientConfig } from 'pg'
import type { Config } from '../config/config.ts'
import { ConnectorError, errorCode } from '../errors.ts'
import { establish } from './establish.ts'

declare module 'pg' {
  interface ClientBase {
    /** Of the backend; what a cancel request names. */
    readonly processID: number
    readonly secretKey: number
  }
}

type ConnectCallback = (error?: Error) => void

/** pg's start-up on a socket that `establish` has connected and encrypted. */
export function clientClass(config: Config): typeof Client {
  return class EstablishedClient extends Client {
    constructor(_options?: ClientConfig) {
      super(clientOptions(config))
      this.on('error', nameLoss)
    }

    override connect(): Promise<Client>
    override connect(callback: ConnectCallback): void
    override connect(callback?: ConnectCallback): Promise<Client> | void {
      const connected = this.#connect()
      if (callback === undefined) return connected
      connected.then(
        () => callback(),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
      )
    }

    async #connect(): Promise<Client> {
      const socket = await establish(config)
      const timer = setTimeout(() => destroyAsTimedOut(socket), config.connectTimeoutMs)
      try {
        Object.assign(this.connection, { stream: alreadyConnected(socket) })
        await super.connect()
        return this
      } catch (error) {
        if (socket.destroyed || socket.readableEnded) nameLoss(error)
        throw error
      } finally {
        clearTimeout(timer)
      }
    }
  }
}

function clientOptions(config: Config): ClientConfig {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.username,
    password: () => requirePassword(config),
    application_name: config.applicationName,
    ssl: false,
    enableChannelBinding: true,
  }
}

/** Asked for only when the server wants one. As plain text, an empty one would be looked up in PGPASSWORD and ~/.pgpass. */
function requirePassword({ username, password }: Config): string {
  if (password !== '') return password
  const message = `the server asks for the password of user "${username}", and the config has none. Give password.`
  throw new ConnectorError('config_error', message)
}

/**
 * Gives pg's own error for a connection that ended the code by which it is classified; the queries that were under way
 * fail with the same object. Without a listener the event would end the process.
 */
function nameLoss(error: unknown): void {
  if (error instanceof Error && errorCode(error) === null) {
    Object.assign(error, { code: 'ECONNRESET' })
  }
}

/** pg calls `connect` on its stream and waits for the event; this one is connected. */
function alreadyConnected(socket: Socket): Socket {
  socket.connect = (): Socket => {
    queueMicrotask(() => socket.emit('connect'))
    return socket
  }
  return socket
}

function destroyAsTimedOut(socket: Socket): void {
  const error = new Error('the server accepted the connection but did not answer')
  socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }))
}
