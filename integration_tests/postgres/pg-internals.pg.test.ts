import { expect } from 'chai'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { Client, type Connection, type Submittable } from 'pg'
import manifest from '../../package.json' with { type: 'json' }
import { parseConfig } from '../../src/config/parse-config.ts'
import { cancelQuery } from '../../src/postgres/connection/cancel.ts'
import { SocketTakeover, streamOf, useStream } from '../../src/postgres/connection/pg-internals.ts'
import { Route } from '../../src/postgres/connection/route.ts'
import { connectSocket } from '../../src/postgres/connection/socket.ts'
import { sharedServer } from '../helpers/shared-server.ts'

/** A client that uses a socket of the connector. */
class TestClient extends Client implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise<void>((resolve) => this.once('end', resolve))
    streamOf(this).destroy()
    await ended
  }
}

async function connect(): Promise<TestClient> {
  const { host, port, user, password, database } = (await sharedServer()).connectionConfig()
  const socket = connectSocket(host, port)
  await once(socket, 'connect')
  const client = new TestClient({ host: 'nowhere.invalid', user, password, database, ssl: false })
  client.on('error', () => undefined)
  useStream(client, socket)
  await client.connect()
  return client
}

/** A simple query whose answer passes through a takeover to pg's parser byte by byte. */
class Observed implements Submittable {
  readonly ended: Promise<void>
  readonly calls: string[] = []
  readonly #sql: string
  #end = (): void => undefined
  #takeover: SocketTakeover | null = null

  constructor(sql: string) {
    this.#sql = sql
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  submit(connection: Connection): void {
    this.#takeover = new SocketTakeover(connection, (chunk) => {
      for (const byte of chunk) this.#takeover?.forward(Buffer.from([byte]))
    })
    connection.query(this.#sql)
  }

  handleRowDescription(): void {
    this.calls.push('rowDescription')
  }

  handleDataRow(): void {
    this.calls.push('dataRow')
  }

  handleCommandComplete(): void {
    this.calls.push('commandComplete')
  }

  handleError(): void {
    this.#finish('error')
  }

  handleReadyForQuery(): void {
    this.#finish('readyForQuery')
  }

  #finish(call: string): void {
    this.calls.push(call)
    this.#takeover?.release()
    this.#end()
  }
}

describe('the use of pg internals', () => {
  it('package.json pins the installed version', () => {
    const installed: unknown = createRequire(import.meta.url)('pg/package.json')
    expect(installed).to.include({ version: manifest.dependencies.pg })
  })

  it('runs over a stream that is already connected', async () => {
    await using client = await connect()
    expect((await client.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }])
  })

  it('returns process ID and secret key of the backend', async () => {
    await using client = await connect()
    const { rows } = await client.query('SELECT pg_backend_pid() AS id')
    expect(rows).to.deep.equal([{ id: client.processID }])
    const server = (await sharedServer()).connectionConfig()
    using route = new Route(parseConfig({ ...server, ssl_mode: 'disable' }).config)
    const sleeping = client.query('SELECT pg_sleep(60)').catch((error: unknown) => error)
    await cancelQuery(route, client)
    expect(await sleeping).to.include({ code: '57014' })
  })

  it('calls the handlers of a query whose bytes pass through a takeover', async () => {
    await using client = await connect()
    const rows = client.query(new Observed('SELECT 1; SELECT 2'))
    await rows.ended
    const statement = ['rowDescription', 'dataRow', 'commandComplete']
    expect(rows.calls).to.deep.equal([...statement, ...statement, 'readyForQuery'])
    const failing = client.query(new Observed('SELECT 1/(random() > 2)::int'))
    await failing.ended
    expect(failing.calls).to.deep.equal(['rowDescription', 'error'])
    expect((await client.query('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }])
  })

  it('parses only one statement with the extended protocol', async () => {
    await using client = await connect()
    const text = 'SELECT 1; SELECT 2'
    const query = client.query({ text, queryMode: 'extended' })
    expect(await query.catch((error: unknown) => error)).to.include({ code: '42601' })
  })
})
