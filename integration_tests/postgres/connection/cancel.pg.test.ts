import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Client } from 'pg'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { cancelQuery } from '../../../src/postgres/connection/cancel.ts'
import { Route } from '../../../src/postgres/connection/route.ts'

/** A client with the backend to cancel. */
function clientOf(backend: { readonly processID: number; readonly secretKey: number }): Client {
  return Object.assign(new Client({ ssl: false }), backend)
}

function socketCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

describe('a cancel request', () => {
  it('to a server that neither answers nor closes leaves no open connection', async () => {
    const sockets: Socket[] = []
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on('error', () => undefined))
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const port: unknown = Object(listener.address()).port
    const account = { database: 'd', username: 'u', ssl_mode: 'disable' }
    using route = new Route(parseConfig({ host: '127.0.0.1', port, ...account }).config)
    const before = socketCount()
    await cancelQuery(route, clientOf({ processID: 1, secretKey: 2 }))
    expect(sockets).to.have.length(1)
    // Only the side of the listener remains; a handle is closed shortly after its socket
    while (socketCount() - before > 1) await new Promise(setImmediate)
    sockets[0]?.destroy()
    listener.close()
  })
})
