import { once } from 'node:events'
import { createServer, type Server as Listener } from 'node:net'
import { sharedServer } from '../../helpers/shared-server.ts'
import { expectFailure, fillIn } from './expect-failure.ts'
import { TLS_MISTAKES } from './misconfigurations.ts'
import { describeWith } from './programs.ts'
import { SERVER_MISTAKES } from './server-misconfigurations.ts'
import { SSH_MISTAKES, type SshWorld } from './ssh-misconfigurations.ts'
import { SshServer } from './ssh/ssh-server.ts'
import { createTlsWorld, type TlsWorld } from './tls/tls-world.ts'

describeWith(['/usr/bin/openssl'], 'check reports cause and remedy: TLS', () => {
  let world: TlsWorld
  before(async () => {
    world = await createTlsWorld()
  })
  after(async () => await world[Symbol.asyncDispose]())

  for (const { mistake, certificate = 'good', config, message } of TLS_MISTAKES) {
    it(`${mistake} → ${message}`, async () => {
      await world.serve(certificate)
      const { host, port, database, user, password } = world.server.connectionConfig()
      const working = { host, port, database, username: user, password }
      const expected = fillIn(message, { HOST: host, PORT: port })
      await expectFailure({ ...working, ...config(world) }, expected)
    })
  }
})

describeWith(
  ['/usr/sbin/sshd', '/usr/bin/ssh-keygen'],
  'check reports cause and remedy: SSH tunnel',
  () => {
    let world: SshWorld
    let silent: Listener
    before(async () => {
      silent = await listen()
      world = await createSshWorld(portOf(silent))
    })
    after(async () => {
      await world.server[Symbol.asyncDispose]()
      await world.strict[Symbol.asyncDispose]()
      silent.close()
    })

    for (const { mistake, config, message } of SSH_MISTAKES) {
      it(`${mistake} → ${message}`, async () => {
        const { host, port, database, user, password } = (await sharedServer()).connectionConfig()
        const working = { host, port, database, username: user, password, ssl_mode: 'disable' }
        const { fingerprint, server } = world
        const ssh = { SSHPORT: server.port, FINGERPRINT: fingerprint }
        const ports = { ...ssh, CLOSED: world.closedPort, SILENT: world.silentPort, PORT: port }
        const expected = fillIn(message, { ...ports, HOST: host, USER: world.server.user })
        await expectFailure({ ...working, ...config(world) }, expected)
      })
    }
  },
)

describe('check reports cause and remedy: host, port and account', () => {
  let silent: Listener
  before(async () => {
    silent = await listen()
  })
  after(() => silent.close())

  for (const { mistake, config, message } of SERVER_MISTAKES) {
    it(`${mistake} → ${message}`, async () => {
      const { host, port, database, user, password } = (await sharedServer()).connectionConfig()
      const working = { host, port, database, username: user, password, ssl_mode: 'disable' }
      const ports = { closedPort: await findClosedPort(), silentPort: portOf(silent) }
      const values = { CLOSED: ports.closedPort, SILENT: ports.silentPort, HOST: host }
      await expectFailure({ ...working, ...config(ports) }, fillIn(message, values))
    })
  }
})

async function createSshWorld(silentPort: number): Promise<SshWorld> {
  const server = await SshServer.start()
  const key = await server.createKey('Ed25519, OpenSSH')
  const locked = await server.createKey('Ed25519, OpenSSH', 'locked')
  const strict = await SshServer.start([
    `AuthorizedKeysFile ${server.authorizedKeysFile}`,
    'AllowTcpForwarding no',
  ])
  const strange = await strict.createKey('Ed25519, OpenSSH')
  const strangeHostKey = await strict.hostKey('ed25519')
  const fingerprint = await server.fingerprint('ed25519')
  const closedPort = await findClosedPort()
  const { port: postgresPort } = await sharedServer()
  return {
    server,
    strict,
    key,
    strange,
    strangeHostKey,
    fingerprint,
    locked,
    closedPort,
    silentPort,
    postgresPort,
  }
}

async function findClosedPort(): Promise<number> {
  const unused = await listen()
  const port = portOf(unused)
  unused.close()
  await once(unused, 'close')
  return port
}

async function listen(): Promise<Listener> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return listener.unref()
}

function portOf(listener: Listener): number {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}
