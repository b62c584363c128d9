import { expect } from 'chai'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { sharedServer } from '../../../helpers/shared-server.ts'
import { describeWith } from '../programs.ts'
import { SshServer } from './ssh-server.ts'

const STRANGE = `SHA256:${'A'.repeat(43)}`

describeWith(['/usr/sbin/sshd', '/usr/bin/ssh-keygen'], 'the host key of the SSH server', () => {
  let ssh: SshServer
  let key: string
  before(async () => {
    ssh = await SshServer.start()
    key = await ssh.createKey('Ed25519, OpenSSH')
  })
  after(async () => await ssh[Symbol.asyncDispose]())

  /** Returns the logs of a run with three connections. */
  async function logsWith(hostKey: string): Promise<string[]> {
    const logs: string[] = []
    const tunnel = {
      tunnel_method: 'SSH_KEY_AUTH',
      tunnel_host: '127.0.0.1',
      tunnel_port: ssh.port,
      tunnel_user: ssh.user,
      ssh_key: key,
      tunnel_host_key: hostKey,
    }
    const server = (await sharedServer()).connectionConfig()
    const { config } = parseConfig({ ...server, min_connections: 3, tunnel_method: tunnel })
    const log = (level: string, message: string): void => void logs.push(`${level} ${message}`)
    await using database = await Database.connect(config, { log })
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    return logs
  }

  it('is logged once if the config has none', async () => {
    const fingerprint = await ssh.fingerprint('ed25519')
    expect(await logsWith('')).to.deep.equal([
      `INFO SSH tunnel: the host key of "127.0.0.1", port ${ssh.port}, is ${fingerprint} (ssh-ed25519). It was not verified. Set tunnel_host_key to accept only this key.`,
    ])
  })

  it('is accepted by its fingerprint', async () => {
    expect(await logsWith(await ssh.fingerprint('ed25519'))).to.deep.equal([])
  })

  it('is accepted as one of several', async () => {
    expect(await logsWith(`${STRANGE}\n${await ssh.hostKey('ed25519')}`)).to.deep.equal([])
  })

  it('is requested by the type of the public key, although the server also has another one', async () => {
    expect(await logsWith(await ssh.hostKey('ecdsa'))).to.deep.equal([])
  })

  it('any other key is rejected, and the error contains the received one', async () => {
    const error: unknown = await logsWith(STRANGE).catch((reason: unknown) => reason)
    expect(error).to.include({ failureType: 'config_error' })
    expect(String(error)).to.include(`is ${await ssh.fingerprint('ed25519')} (ssh-ed25519)`)
  })
})
