import { expect } from 'chai'
import { Connection } from 'pg'
import { parseConfig } from '../../../../src/config/parse-config.ts'
import { Database } from '../../../../src/postgres/session/database.ts'
import { certified } from '../misconfigurations.ts'
import { describeWith } from '../programs.ts'
import { createTlsWorld, KEY_PASSWORD, SCRAM_PASSWORD, type TlsWorld } from './tls-world.ts'

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

describeWith(['/usr/bin/openssl'], 'logging in over TLS', () => {
  let world: TlsWorld
  before(async () => {
    world = await createTlsWorld()
    await world.serve('good')
  })
  after(async () => await world[Symbol.asyncDispose]())

  async function user(extra: Readonly<Record<string, unknown>>): Promise<string | undefined> {
    const { host, port, database } = world.server.connectionConfig()
    const { config } = parseConfig({ host, port, database, ...extra })
    await using connected = await Database.connect(config)
    return (await connected.query<{ name: string }>('SELECT current_user AS name'))[0]?.name
  }

  it('decrypts an encrypted client key with its password', async () => {
    expect(await user(certified(world.clients.locked, KEY_PASSWORD))).to.equal('certified')
  })

  it("accepts certificate and key under libpq's names", async () => {
    const { certificate, key } = world.clients.locked
    const pair = { sslcert: certificate, sslkey: key, sslpassword: KEY_PASSWORD }
    const ca = { sslmode: 'verify-full', sslrootcert: world.authority.certificate }
    expect(await user({ user: 'certified', ...ca, ...pair })).to.equal('certified')
  })

  it('verifies the server by its host name, too', async () => {
    const ssl = { mode: 'verify-full', ca_certificate: world.authority.certificate }
    const scram = { username: 'scram', password: SCRAM_PASSWORD, ssl_mode: ssl }
    expect(await user({ ...scram, host: 'localhost' })).to.equal('scram')
  })

  for (const mode of SSL_MODES.filter((name) => name !== 'disable')) {
    it(`SCRAM uses channel binding with ssl_mode ${mode}`, async () => {
      const mechanisms = await mechanismsOf(async () => {
        const ssl = { mode, ca_certificate: world.authority.certificate }
        const scram = { username: 'scram', password: SCRAM_PASSWORD, ssl_mode: ssl }
        expect(await user(scram)).to.equal('scram')
      })
      expect(mechanisms).to.deep.equal(['SCRAM-SHA-256-PLUS'])
    })
  }
})

/** SASL mechanisms with which pg begins to authenticate during `work`. */
async function mechanismsOf(work: () => Promise<void>): Promise<string[]> {
  const name = 'sendSASLInitialResponseMessage'
  const original: unknown = Reflect.get(Connection.prototype, name)
  if (typeof original !== 'function') throw new Error(`pg has no ${name} any more`)
  const mechanisms: string[] = []
  const spy = function (this: unknown, mechanism: string, response: string): unknown {
    mechanisms.push(mechanism)
    return Reflect.apply(original, this, [mechanism, response])
  }
  Reflect.set(Connection.prototype, name, spy)
  try {
    await work()
    return mechanisms
  } finally {
    Reflect.set(Connection.prototype, name, original)
  }
}
