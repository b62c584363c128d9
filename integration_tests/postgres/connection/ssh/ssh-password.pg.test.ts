import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { sharedServer } from '../../../helpers/shared-server.ts'
import { PasswordSshServer } from './password-ssh-server.ts'
import { SECRET } from '../tls/tls-world.ts'

describe('SSH tunnel with a password', () => {
  for (const method of ['password', 'keyboard-interactive'] as const) {
    it(`lets in by the method ${method}`, async () => {
      await using ssh = await PasswordSshServer.start(method, SECRET)
      await using database = await connect(ssh.port, SECRET)
      expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    })

    it(`does not let in with a wrong password by the method ${method}`, async () => {
      await using ssh = await PasswordSshServer.start(method, SECRET)
      const error: unknown = await connect(ssh.port, 'wrong').catch((reason: unknown) => reason)
      expect(String(error)).to.match(/does not let user "ops" in with tunnel_user_password/)
    })
  }
})

async function connect(sshPort: number, password: string): Promise<Database> {
  const target = (await sharedServer()).connectionConfig()
  const tunnel = {
    tunnel_method: 'SSH_PASSWORD_AUTH',
    tunnel_host: '127.0.0.1',
    tunnel_port: sshPort,
    tunnel_user: 'ops',
    tunnel_user_password: password,
  }
  const { config } = parseConfig({ ...target, tunnel_method: tunnel })
  return await Database.connect(config)
}
