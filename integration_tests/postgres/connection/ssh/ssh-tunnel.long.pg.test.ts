import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { errorCode } from '../../../../src/errors.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { TestDatabase } from '../../../helpers/database.ts'
import { sharedServer } from '../../../helpers/shared-server.ts'
import { FaultProxy } from '../../../helpers/fault-proxy.ts'
import { describeWith } from '../programs.ts'
import { KEY_KINDS, SshServer } from './ssh-server.ts'
import { createTlsWorld, SCRAM_PASSWORD, SECRET } from '../tls/tls-world.ts'

const PASSPHRASE = `${SECRET}-phrase`
const ROWS = 200_000

type Json = Record<string, unknown>

describeWith(['/usr/sbin/sshd', '/usr/bin/ssh-keygen', '/usr/bin/openssl'], 'SSH tunnel', () => {
  let ssh: SshServer
  before(async () => {
    ssh = await SshServer.start()
  })
  after(async () => await ssh[Symbol.asyncDispose]())

  function tunnel(key: string, extra: Json = {}): Json {
    const server = { tunnel_host: '127.0.0.1', tunnel_port: ssh.port, tunnel_user: ssh.user }
    return { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', ...server, ssh_key: key, ...extra } }
  }

  for (const kind of KEY_KINDS) {
    it(`accepts a key: ${kind}`, async () => {
      const key = await ssh.createKey(kind)
      await using database = await open({ ...(await serverConfig()), ...tunnel(key) })
      expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    })

    it(`accepts an encrypted key: ${kind}`, async () => {
      const key = await ssh.createKey(kind, PASSPHRASE)
      const method = tunnel(key, { ssh_key_passphrase: PASSPHRASE })
      await using database = await open({ ...(await serverConfig()), ...method })
      expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    })
  }

  it('accepts a key whose line feeds were written as \\n', async () => {
    const key = (await ssh.createKey('RSA, OpenSSH', 'other-length')).replaceAll('\n', '\\n')
    const method = tunnel(key, { ssh_key_passphrase: 'other-length' })
    await using database = await open({ ...(await serverConfig()), ...method })
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
  })

  it('uses one SSH connection for all connections of a run, including cancel requests', async () => {
    await using counter = await FaultProxy.start(ssh.port)
    const key = await ssh.createKey('Ed25519, OpenSSH', 'counted')
    const method = tunnel(key, { ssh_key_passphrase: 'counted', tunnel_port: counter.port })
    await using database = await open({ ...(await serverConfig()), ...method })
    const clients = await Promise.all([1, 2, 3].map(async () => await database.acquire()))
    const sleeping = clients[0]!.query('SELECT pg_sleep(60)').catch(errorCode)
    await clients[1]!.query('SELECT pg_sleep(0.2)')
    await database.cancel(clients[0]!)
    expect(await sleeping).to.equal('57014')
    for (const client of clients) client.release()
    expect(counter.connections).to.equal(1)
  })

  it('is not opened again for a connection after the end', async () => {
    await using counter = await FaultProxy.start(ssh.port)
    const key = await ssh.createKey('Ed25519, OpenSSH', 'ended')
    const method = tunnel(key, { ssh_key_passphrase: 'ended', tunnel_port: counter.port })
    const database = await open({ ...(await serverConfig()), ...method })
    const client = await database.acquire()
    client.release()
    await database[Symbol.asyncDispose]()
    await database.cancel(client)
    expect(counter.connections).to.equal(1)
  })

  it('forwards TLS, verified against the host in the config', async () => {
    await using world = await createTlsWorld()
    await world.serve('good')
    const { host, port, database: name } = world.server.connectionConfig()
    const ssl = { mode: 'verify-full', ca_certificate: world.authority.certificate }
    const target = { host, port, database: name, username: 'scram', password: SCRAM_PASSWORD }
    const key = await ssh.createKey('RSA, PEM (PKCS#1)', 'for-tls')
    const method = tunnel(key, { ssh_key_passphrase: 'for-tls' })
    await using database = await open({ ...target, ssl_mode: ssl, ...method })
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
    expect(await database.query(sql)).to.deep.equal([{ ssl: true }])
  })

  it('is lost during a read → it is opened again, and the read is complete', async () => {
    await using database = await TestDatabase.create()
    await database.sql(
      `CREATE TABLE big AS SELECT n AS id, repeat('x', 100) AS text FROM generate_series(1, ${ROWS}) AS n`,
    )
    await using proxy = await FaultProxy.start(ssh.port)
    const key = await ssh.createKey('Ed25519, OpenSSH', 'unsteady')
    const method = tunnel(key, { ssh_key_passphrase: 'unsteady', tunnel_port: proxy.port })
    await using connector = await withConnector(
      database.config({ ...method, table: 'big', batch_size: 1000 }),
    )
    await using running = await connector.startRead()
    const ids = new Set<unknown>()
    let records = 0
    for await (const { record } of running.messages()) {
      if (record === undefined) continue
      if (++records === 20_000) proxy.cutAll()
      ids.add(record.data['id'])
    }
    expect((await running.ended).code).to.equal(0)
    expect(ids.size).to.equal(ROWS)
    expect(proxy.connections).to.equal(2)
    expect(records, 'records, repeated ones too').to.be.lessThan(ROWS + 50_000)
  })
})

async function open(raw: Json): Promise<Database> {
  return await Database.connect(parseConfig(raw).config)
}

async function serverConfig(): Promise<Json> {
  const { host, port, user, password, database } = (await sharedServer()).connectionConfig()
  return { host, port, database, username: user, password }
}
