import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { errorsOf, statusesOf } from '../helpers/consumer.ts'
import { type RunningConnector, startConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { FaultProxy } from '../helpers/fault-proxy.ts'
import { configuredCatalog, type Message } from '../helpers/messages.ts'
import { sharedServer } from '../helpers/shared-server.ts'
import { ONE_READER } from '../helpers/one-reader.ts'

/** A process that has not ended after this time is considered to hang. */
const OPTIONS = { timeoutMs: 30_000 }
const COMMANDS = ['check', 'discover', 'read'] as const
/** Much longer than a stopped process may take, so that only the signal ends the wait. */
const LONG_TIMEOUTS = { connect_timeout: 600, timeout_seconds: 600 }

const CREATE_BIG = `
  CREATE TABLE big AS SELECT n AS id, repeat('x', 500) AS v FROM generate_series(1, 60000) AS n;
  ANALYZE big`

async function readAll(running: RunningConnector): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of running.messages()) messages.push(message)
  return messages
}

/** Expects the TRACE of a stopped run as the last message. */
async function expectStopped(running: RunningConnector, messages: readonly Message[]) {
  expect(await running.ended).to.deep.equal({ code: 1, signal: null, stderr: '' })
  const errors = errorsOf({ messages })
  expect(errors).to.have.length(1)
  expect(errors[0]).to.match(/^transient_error: The sync was stopped by SIGTERM/)
}

async function listen(): Promise<Server> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return listener.unref()
}

describe('SIGTERM while the connector waits', () => {
  for (const command of COMMANDS) {
    it(`${command}: for a server that accepts connections and sends nothing`, async () => {
      const { port, ...account } = (await sharedServer()).connectionConfig()
      const listener = await listen()
      const address = listener.address()
      const silentPort = typeof address === 'object' ? address?.port : port
      await using connector = await withConnector({
        ...account,
        ...LONG_TIMEOUTS,
        port: silentPort,
      })
      await using running = startConnector([command, '--config', connector.configFile], OPTIONS)
      const rest = readAll(running)
      await once(listener, 'connection')
      running.process.kill('SIGTERM')
      await expectStopped(running, await rest)
      listener.close()
    })

    it(`${command}: for the result of a query that never ends`, async () => {
      await using database = await TestDatabase.create()
      await using proxy = await FaultProxy.start(database.server.port)
      proxy.fault = { type: 'silence', afterBytes: 1500 }
      const config = database.config({ port: proxy.port, ...LONG_TIMEOUTS })
      await using connector = await withConnector(config)
      await using running = startConnector([command, '--config', connector.configFile], OPTIONS)
      const rest = readAll(running)
      await proxy.silent
      running.process.kill('SIGTERM')
      await expectStopped(running, await rest)
    })
  }

  it('read: in a retry, for a server that accepts connections and sends nothing', async () => {
    await using database = await TestDatabase.create()
    await database.sql(`${CREATE_BIG}; CREATE TABLE later AS SELECT 1 AS id`)
    await using proxy = await FaultProxy.start(database.server.port)
    const config = database.config({ port: proxy.port, ...LONG_TIMEOUTS, ...ONE_READER })
    await using connector = await withConnector(config)
    const catalog = configuredCatalog(await connector.catalog(), { streams: ['big', 'later'] })
    await using running = await connector.startRead({ catalog }, OPTIONS)
    const messages: Message[] = []
    for await (const message of running.messages()) {
      messages.push(message)
      if (message.type === 'RECORD' && proxy.fault.type === 'none') {
        proxy.fault = { type: 'silence', afterBytes: 0 }
        proxy.cutAll()
        void proxy.silent.then(() => running.process.kill('SIGTERM'))
      }
    }
    await expectStopped(running, messages)
    expect(statusesOf({ messages })).to.deep.equal([
      'big: STARTED',
      'big: RUNNING',
      'big: INCOMPLETE',
      'later: INCOMPLETE',
    ])
  })
})

describe('an uncaught error', () => {
  for (const [kind, code] of [
    ['exception', 'throw error'],
    ['rejection', 'Promise.reject(error)'],
  ]) {
    it(`${kind}: INCOMPLETE, a TRACE without row values, exit 1`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(
        `CREATE VIEW slow AS SELECT n, repeat('x', 20000) AS v, pg_sleep(0.05)::text AS s
         FROM generate_series(1, 1000000) AS n`,
      )
      await using connector = await withConnector(database.config({ table: 'slow' }))
      const script = `process.on('SIGUSR2', () => {
        const fields = { code: '22012', severity: 'ERROR', routine: 'int4div' }
        const error = Object.assign(new Error('a row value'), fields, { detail: 'a row value' })
        ${code}
      })`
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
      const args = ['read', '--config', connector.configFile]
      await using running = startConnector(args, { ...OPTIONS, env })
      const messages: Message[] = []
      for await (const message of running.messages()) {
        if (message.type === 'RECORD' && messages.at(-1)?.type !== 'RECORD') {
          running.process.kill('SIGUSR2')
        }
        messages.push(message)
      }
      expect(await running.ended).to.deep.equal({ code: 1, signal: null, stderr: '' })
      expect(statusesOf({ messages }).at(-1)).to.equal('slow: INCOMPLETE')
      const errors = messages.flatMap(({ trace }) => trace?.error ?? [])
      expect(errors).to.have.length(1)
      expect(JSON.stringify(errors)).to.include('22012').and.not.include('a row value')
    })
  }
})
