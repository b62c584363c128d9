import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { type Misconfiguration, TLS_MISTAKES } from './misconfigurations.ts'
import { describeWith } from './programs.ts'
import { createTlsWorld, SECRET, type TlsWorld } from './tls-world.ts'

const PREFIX =
  'Could not connect with provided configuration. Error: Failed to create connection pool: '

describeWith(['/usr/bin/openssl'], 'check tells the cause and the remedy: TLS', () => {
  let world: TlsWorld
  before(async () => {
    world = await createTlsWorld()
  })
  after(async () => await world[Symbol.asyncDispose]())

  for (const mistake of TLS_MISTAKES) {
    it(`${mistake.mistake} → ${mistake.message}`, async () => await expectMessage(world, mistake))
  }
})

async function expectMessage(world: TlsWorld, mistake: Misconfiguration): Promise<void> {
  const { certificate = 'good' } = mistake
  await world.serve(certificate)
  const { host, port, database, user, password } = world.server.connectionConfig()
  const config = { host, port, database, username: user, password, ...mistake.config(world) }
  await using connector = await withConnector(config)
  const run = await connector.check()
  const message = mistake.message.replaceAll('HOST', host).replaceAll('PORT', String(port))
  expect(run.connectionStatus?.message).to.equal(`${PREFIX}${message}`)
  expect(run.connectionStatus?.status).to.equal('FAILED')
  expect(run.code).to.equal(0)
  for (const output of [run.stdout, run.stderr]) {
    expect(output).not.to.include(SECRET)
    expect(output).not.to.match(/-----BEGIN/)
  }
}
