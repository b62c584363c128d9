import { expect } from 'chai'
import type { Run } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { describeWith } from '../../../postgres/connection/programs.ts'
import { Authority } from '../../../postgres/connection/tls/certificates.ts'
import { type Frame, FrameProxy } from './frame-proxy.ts'
import { type Hang, HangingProxy } from './hanging-proxy.ts'
import { RepeatedLog } from './repeated-log.ts'

const CONTENT = {
  tables: 'CREATE TABLE a (id int PRIMARY KEY, note text)',
  transactions: ["INSERT INTO a VALUES (1, 'new')", "UPDATE a SET note = 'changed'"],
}
const SHORT = { connect_timeout: 1, timeout_seconds: 1, max_retries: 1 }
/** The parameter that limits the wait is named in the message. */
const BOUND = /connect_timeout|timeout_seconds/

function expectTransient({ code, errors, stderr }: Run): void {
  expect(code, stderr).to.equal(1)
  expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
  expect(errors[0]?.message).to.match(BOUND)
}

/** The first sync connection to the log is cut in a transaction. Those of the retries hang. */
async function syncWithRetries(hang: Pick<Hang, 'last' | 'times'>): Promise<Run> {
  await using log = await RepeatedLog.create(CONTENT)
  const cut = { isBehind: ({ kind }: Frame) => kind === 'U', times: 1 }
  await using frames = await FrameProxy.start(log.cdc.db.server.port, cut)
  // The first connection reads the catalogs, the second checks that the log can be read
  const late = { isOfLog: true, from: 4, ...hang }
  await using proxy = await HangingProxy.start(frames.port, late)
  const run = await log.syncThrough(proxy.port, { ...SHORT, max_retries: 2 })
  expect(frames.lastFrames).to.have.length(1)
  expect(proxy.hanging).to.be.greaterThan(0)
  return run
}

describe('a CDC sync whose connection to the log is not answered', () => {
  for (const last of ['nothing', 'login'] as const) {
    it(`after ${last === 'nothing' ? 'the start-up packet' : 'the login'}: ends within its time limits`, async () => {
      await using log = await RepeatedLog.create(CONTENT)
      const { port } = log.cdc.db.server
      await using proxy = await HangingProxy.start(port, { last, isOfLog: true })
      expectTransient(await log.syncThrough(proxy.port, SHORT))
      expect(proxy.hanging).to.be.greaterThan(0)
    })
  }

  for (const last of ['nothing', 'login'] as const) {
    const when = last === 'nothing' ? 'the start-up packet' : 'the login'
    it(`in every retry, after ${when}: ends within its time limits`, async () => {
      expectTransient(await syncWithRetries({ last }))
    })

    it(`in one retry, after ${when}: the next retry reads the rest`, async () => {
      const { code, stderr } = await syncWithRetries({ last, times: 1 })
      expect(code, stderr).to.equal(0)
    })
  }
})

describeWith(['/usr/bin/openssl'], 'a CDC sync over TLS whose connection is not answered', () => {
  let server: Server
  let log: RepeatedLog

  before(async () => {
    await using authority = await Authority.create('Example')
    const { key, certificate } = await authority.itself()
    server = await Server.start({
      files: { 'server.crt': certificate, 'server.key': key },
      settings: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
    })
    log = await RepeatedLog.create(CONTENT, server)
  })
  after(async () => {
    await log[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  for (const last of ['nothing', 'tls'] as const) {
    it(`after ${last === 'nothing' ? 'the request for TLS' : 'it was granted'}, from each connection on: ends within its time limits`, async () => {
      const tls = { ...SHORT, ssl_mode: { mode: 'require' } }
      for (let from = 1; ; from++) {
        await using proxy = await HangingProxy.start(server.port, { last, from })
        const run = await log.syncThrough(proxy.port, tls)
        if (proxy.hanging === 0) break
        // Until the first connection has succeeded, the server may be the wrong one
        if (from > 1) expectTransient(run)
      }
    })
  }
})
