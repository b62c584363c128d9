import { expect } from 'chai'
import { Client } from 'pg'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { cancelQuery } from '../../../../src/postgres/connection/cancel.ts'
import { Route } from '../../../../src/postgres/connection/route.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { TestDatabase } from '../../../helpers/database.ts'
import { sharedServer } from '../../../helpers/shared-server.ts'
import { PasswordSshServer } from './password-ssh-server.ts'
import { SECRET } from '../tls/tls-world.ts'

describe('SSH tunnel with a password', () => {
  for (const method of ['password', 'keyboard-interactive'] as const) {
    it(`accepts the password by the method ${method}`, async () => {
      await using ssh = await PasswordSshServer.start(method, SECRET)
      await using database = await connect(ssh.port, SECRET)
      expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    })

    it(`rejects a wrong password by the method ${method}`, async () => {
      await using ssh = await PasswordSshServer.start(method, SECRET)
      const error: unknown = await connect(ssh.port, 'wrong').catch((reason: unknown) => reason)
      expect(String(error)).to.match(/rejected user "ops" with tunnel_user_password/)
    })
  }
})

describe('the command', () => {
  it('reads through an SSH tunnel', async () => {
    await using ssh = await PasswordSshServer.start('password', SECRET)
    await using db = await TestDatabase.create()
    await db.sql('CREATE TABLE t AS SELECT 7 AS id')
    await using connector = await withConnector(db.config({ tunnel_method: tunnelTo(ssh.port) }))
    const { code, records } = await connector.read()
    expect({ code, rows: records.map(({ data }) => data) }).to.deep.equal({
      code: 0,
      rows: [{ id: 7 }],
    })
  })
})

describe('keyboard-interactive', () => {
  const password = { prompt: 'Password: ', echo: false }
  const code = { prompt: 'One-time code: ', echo: false }
  for (const [what, rounds, received] of [
    ['a second prompt', [[password, code]], []],
    ['a prompt whose answer is shown', [[{ prompt: 'Password: ', echo: true }]], []],
    ['another prompt afterwards', [[password], [code]], [SECRET]],
  ] as const) {
    it(`${what} is not answered with the password, and the error explains it`, async () => {
      await using ssh = await PasswordSshServer.start('keyboard-interactive', SECRET, rounds)
      const error: unknown = await connect(ssh.port, SECRET).catch((reason: unknown) => reason)
      expect(String(error)).to.include('requires more than a password of user "ops"')
      expect(error).to.include({ failureType: 'config_error' })
      expect(ssh.received).to.deep.equal(received)
    })
  }

  it('a request without prompts is answered', async () => {
    await using ssh = await PasswordSshServer.start('keyboard-interactive', SECRET, [
      [password],
      [],
    ])
    await using database = await connect(ssh.port, SECRET)
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
  })
})

describe('a host key that is not in tunnel_host_key', () => {
  it('ends the login before the password is sent', async () => {
    await using ssh = await PasswordSshServer.start('password', SECRET)
    const extra = { tunnel_host_key: `SHA256:${'A'.repeat(43)}` }
    const error: unknown = await connect(ssh.port, SECRET, extra).catch((reason: unknown) => reason)
    expect(String(error)).to.match(
      /is SHA256:[^ ]{43} \(ssh-rsa\), which is not in tunnel_host_key/,
    )
    expect(ssh.received).to.deep.equal([])
  })
})

describe('a cancel request', () => {
  it('does not log in to the SSH server, because other connections would share its short deadline', async () => {
    await using ssh = await PasswordSshServer.start('password', SECRET)
    const target = (await sharedServer()).connectionConfig()
    const { config } = parseConfig({ ...target, tunnel_method: tunnelTo(ssh.port) })
    using route = new Route(config)
    const backend = { processID: 1, secretKey: 2 }
    await cancelQuery(route, Object.assign(new Client({ ssl: false }), backend))
    expect(ssh.received).to.deep.equal([])
  })
})

async function connect(
  sshPort: number,
  password: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Database> {
  const target = (await sharedServer()).connectionConfig()
  const { config } = parseConfig({
    ...target,
    tunnel_method: { ...tunnelTo(sshPort, password), ...extra },
  })
  return await Database.connect(config)
}

function tunnelTo(port: number, password = SECRET): Readonly<Record<string, unknown>> {
  return {
    tunnel_method: 'SSH_PASSWORD_AUTH',
    tunnel_host: '127.0.0.1',
    tunnel_port: port,
    tunnel_user: 'ops',
    tunnel_user_password: password,
  }
}
