import { isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ConnectorError } from '../errors.ts'
import type { Config } from '../config/config.ts'
import { connectSocket } from './socket.ts'
import { encryption, tlsOptions } from './tls.ts'

/** https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest) */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const YES = 'S'
const NO = 'N'
const KEEP_ALIVE_MS = 30_000

/**
 * A socket to the server: connected, encrypted as the config asks, with TCP keep-alive, ready for the start-up message.
 * @throws Node.js errors of the connection, `ETIMEDOUT` after `connectTimeoutMs`, ConnectorError if TLS is required
 * and the server has none, or if it is no PostgreSQL server.
 */
export async function establish(config: Config): Promise<Socket> {
  const socket = connectSocket(config.host, config.port)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.on('error', ignore)
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${config.connectTimeoutMs} ms`)
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }))
  }, config.connectTimeoutMs)
  try {
    await once(socket, 'connect')
    return await encrypt(socket, config)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function encrypt(socket: Socket, config: Config): Promise<Socket> {
  const wanted = encryption(config.ssl)
  if (wanted === 'never') return socket
  socket.write(SSL_REQUEST)
  const answer = String(await once(socket, 'data'))
  if (answer === YES) return secure(socket, config)
  if (answer !== NO) throw notPostgres(config)
  if (wanted === 'if offered') return socket
  const message =
    `The server does not support TLS, and ssl_mode '${config.ssl.mode}' needs it. ` +
    'Turn TLS on in the server or choose ssl_mode prefer or disable.'
  throw new ConnectorError('config_error', message)
}

function notPostgres({ host, port }: Config): ConnectorError {
  const message = `"${host}", port ${port}, does not answer like a PostgreSQL server. Check host and port.`
  return new ConnectorError('config_error', message)
}

async function secure(socket: Socket, config: Config): Promise<TLSSocket> {
  const options = { ...tlsOptions(config.ssl, config.host), socket }
  const named = isIP(config.host) === 0 ? { ...options, servername: config.host } : options
  const tls = connectTls(named)
  tls.on('error', ignore)
  await once(tls, 'secureConnect')
  return tls
}

/** Between two listeners an error must not end the process; whoever waits next sees the closed socket. */
function ignore(): void {}

/** Like `events.once`, but a socket that closes first is an error too. */
function once(socket: Socket, event: 'connect' | 'data' | 'secureConnect'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => {
      const error = new Error('the server closed the connection')
      settle(() => reject(Object.assign(error, { code: 'ECONNRESET' })))
    }
    const onError = (error: Error): void => settle(() => reject(error))
    const onEvent = (value: unknown): void => settle(() => resolve(value))
    const settle = (finish: () => void): void => {
      socket.off('close', onClose).off('error', onError).off(event, onEvent)
      finish()
    }
    socket.once('close', onClose).once('error', onError).once(event, onEvent)
  })
}
