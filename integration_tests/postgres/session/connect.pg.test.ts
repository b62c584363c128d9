import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type Server as TcpServer, type Socket } from 'node:net'
import { withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { Server } from '../../helpers/server.ts'

const SSL_MODES = ['disable', 'prefer', 'require'] as const
type SslMode = (typeof SSL_MODES)[number]

const NOT_POSTGRES = 'did not answer as a PostgreSQL server'

/** A listener that is not PostgreSQL. */
class OtherListener implements AsyncDisposable {
  readonly #server: TcpServer
  readonly #sockets: Socket[] = []

  private constructor(answer: (socket: Socket) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.push(socket.on('error', () => undefined))
      answer(socket)
    })
  }

  static async listen(answer: (socket: Socket) => void): Promise<OtherListener> {
    const listener = new OtherListener(answer)
    listener.#server.listen(0, '127.0.0.1')
    await once(listener.#server, 'listening')
    return listener
  }

  config(sslMode: string): Record<string, unknown> {
    const address = this.#server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const account = { database: 'd', username: 'u', password: 'p4ssword' }
    return { host: '127.0.0.1', port, ...account, sslmode: sslMode, connect_timeout: 1 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Returns the message of a failed check of `config`. */
async function failureOf(config: unknown): Promise<string> {
  await using connector = await withConnector(config)
  const run = await connector.check()
  expect(run).to.deep.include({ code: 0, stderr: '' })
  expect(run.connectionStatus?.status).to.equal('FAILED')
  return run.connectionStatus?.message ?? ''
}

function allModes(text: string): Record<SslMode, string> {
  return { disable: text, prefer: text, require: text }
}

describe('connect', () => {
  const impostors: readonly (readonly [
    does: string,
    answer: (socket: Socket) => void,
    expected: Readonly<Record<SslMode, string>>,
  ])[] = [
    ['closes at once', (socket) => socket.destroy(), allModes('closed the connection')],
    ['never sends anything', () => undefined, allModes('did not answer within 1 s')],
    [
      'sends the first bytes, as SSH does',
      (socket) => socket.write('SSH-2.0-x\r\n'),
      { ...allModes(NOT_POSTGRES), disable: 'did not answer within 1 s' },
    ],
    [
      'answers in HTTP',
      (socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      { ...allModes(NOT_POSTGRES), disable: 'Check that it is a PostgreSQL server' },
    ],
  ]
  for (const [does, answer, expected] of impostors) {
    it(`a listener that ${does}`, async () => {
      await using listener = await OtherListener.listen(answer)
      const messages = await Promise.all(SSL_MODES.map((mode) => failureOf(listener.config(mode))))
      for (const [index, mode] of SSL_MODES.entries()) {
        expect(messages[index], mode).to.include(expected[mode])
      }
    })
  }

  it('a server without TLS: prefer connects, require fails with a remedy', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE TABLE t (a int)')
    await using prefer = await withConnector(db.config({ ssl_mode: { mode: 'prefer' } }))
    expect((await prefer.check()).connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    expect(await failureOf(db.config({ ssl_mode: { mode: 'require' } }))).to.include(
      "does not support TLS, and ssl_mode 'require' needs it",
    )
  })

  it('no password although the server requires one', async () => {
    await using db = await TestDatabase.create()
    expect(await failureOf(db.config({ password: '' }))).to.include(
      'requires a password for user "postgres", and the config has none',
    )
  })

  it('a role that pg_hba.conf rejects', async () => {
    await using server = await Server.start({ hba: ['host all outsider all reject'] })
    await using db = await TestDatabase.create(server)
    expect(await failureOf(db.config({ username: 'outsider' }))).to.include('pg_hba.conf')
  })

  it('a server without a free connection', async () => {
    const settings = {
      max_connections: '5',
      superuser_reserved_connections: '1',
      max_wal_senders: '0',
    }
    await using server = await Server.start({ settings: { ...settings, wal_level: 'replica' } })
    await using db = await TestDatabase.create(server)
    await db.sql("CREATE ROLE guest LOGIN PASSWORD 'p'; ALTER ROLE guest CONNECTION LIMIT 0")
    expect(await failureOf(db.config({ username: 'guest', password: 'p' }))).to.include(
      'the server has no free connection',
    )
  })

  it('a role without CONNECT', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE ROLE stranger_${db.name} LOGIN PASSWORD 'p'; REVOKE CONNECT ON DATABASE ${db.name} FROM PUBLIC`,
    )
    const config = db.config({ username: `stranger_${db.name}`, password: 'p' })
    const message = await failureOf(config)
    await db.sql(`DROP ROLE stranger_${db.name}`)
    expect(message).to.include('lacks the CONNECT privilege')
  })
})
