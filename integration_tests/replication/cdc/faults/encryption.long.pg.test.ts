import { expect } from 'chai'
import { Server } from '../../../helpers/server.ts'
import { PasswordSshServer } from '../../../postgres/connection/ssh/password-ssh-server.ts'
import { Authority } from '../../../postgres/connection/tls/certificates.ts'
import { describeWith } from '../../../postgres/connection/programs.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { confirmed, lsnOf } from '../slot-position.ts'
import { lastState, sync } from '../sync.ts'

const PASSWORD = 'of the reader'
const SSH_PASSWORD = 'of the tunnel'
const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a')`
/** Every session of the role requires TLS and SCRAM, including that of the walsender. */
const HBA = ['hostssl all reader all scram-sha-256', 'hostnossl all reader all reject']

describeWith(['/usr/bin/openssl'], 'CDC for a role that must log in over TLS, by SCRAM', () => {
  let server: Server
  let certificate: string
  before(async () => {
    await using authority = await Authority.create('Example')
    const own = await authority.itself()
    const { key } = own
    ;({ certificate } = own)
    server = await Server.start({
      hba: HBA,
      files: { 'server.crt': certificate, 'server.key': key },
      settings: {
        ssl: 'on',
        ssl_cert_file: 'server.crt',
        ssl_key_file: 'server.key',
        password_encryption: 'scram-sha-256',
      },
    })
    await server.query(`CREATE ROLE reader LOGIN REPLICATION PASSWORD '${PASSWORD}'`)
  })
  after(async () => await server[Symbol.asyncDispose]())

  async function expectSyncs(config: Readonly<Record<string, unknown>>): Promise<void> {
    await using cdc = await CdcDatabase.create(USERS, { server })
    await cdc.sql('GRANT SELECT ON users TO reader')
    const login = { username: 'reader', password: PASSWORD, ...config }
    const state = lastState(await sync(cdc, { config: login }))
    await cdc.sql(
      `INSERT INTO users SELECT n, repeat('x', 1000) FROM generate_series(2, 3000) AS n`,
    )
    await cdc.sql('DELETE FROM users WHERE id = 1')
    const second = await sync(cdc, { config: login, state })
    lastState(second)
    const ids = second.records.map(({ data }) => data['id'])
    expect(ids).to.deep.equal([...Array.from({ length: 2999 }, (_, index) => index + 2), 1])
    expect(await confirmed(cdc)).to.equal(lsnOf(state))
    await cdc.sql('REVOKE SELECT ON users FROM reader')
  }

  it('reads snapshot and log', async () => {
    await expectSyncs({ ssl_mode: { mode: 'verify-ca', ca_certificate: certificate } })
  })

  it('reads snapshot and log through an SSH tunnel', async () => {
    await using ssh = await PasswordSshServer.start('password', SSH_PASSWORD)
    const tunnel = {
      tunnel_method: 'SSH_PASSWORD_AUTH',
      tunnel_host: '127.0.0.1',
      tunnel_port: ssh.port,
      tunnel_user: 'ops',
      tunnel_user_password: SSH_PASSWORD,
    }
    await expectSyncs({ ssl_mode: { mode: 'require' }, tunnel_method: tunnel })
    expect(ssh.received.length).to.be.greaterThan(0)
  })

  it('cannot log in without TLS', async () => {
    await using cdc = await CdcDatabase.create(USERS, { server })
    const config = { username: 'reader', password: PASSWORD, ssl_mode: { mode: 'disable' } }
    const run = await sync(cdc).then((first) => sync(cdc, { config, state: lastState(first) }))
    expect(run.errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
  })
})
