import type { Socket } from 'node:net'
import { Client, type ClientConfig } from 'pg'
import type { Config } from '../config/config.ts'
import { establish } from './establish.ts'

type ConnectCallback = (error?: Error) => void

/** pg's start-up on a socket that `establish` has connected and encrypted. */
export function clientClass(config: Config): typeof Client {
  return class EstablishedClient extends Client {
    constructor(_options?: ClientConfig) {
      super(clientOptions(config))
    }

    override connect(): Promise<Client>
    override connect(callback: ConnectCallback): void
    override connect(callback?: ConnectCallback): Promise<Client> | void {
      const connected = this.#connect()
      if (callback === undefined) return connected
      connected.then(
        () => callback(),
        (error: unknown) => callback(error as Error),
      )
    }

    async #connect(): Promise<Client> {
      const socket = await establish(config)
      const timer = setTimeout(() => destroyAsTimedOut(socket), config.connectTimeoutMs)
      try {
        Object.assign(connectionOf(this), { stream: alreadyConnected(socket) })
        await super.connect()
        return this
      } finally {
        clearTimeout(timer)
      }
    }
  }
}

/** The socket under a client, for those who take it over or cut it. */
export function socketOf(client: Client): Socket {
  return connectionOf(client).stream as Socket
}

function connectionOf(client: Client): { stream: unknown } {
  return (client as unknown as { connection: { stream: unknown } }).connection
}

function clientOptions(config: Config): ClientConfig {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.username,
    password: config.password,
    application_name: config.applicationName,
    ssl: false,
    enableChannelBinding: true,
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
