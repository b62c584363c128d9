import { expect } from 'chai'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import { withConnector } from '../../helpers/connector.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'
import { TestDatabase } from '../../helpers/database.ts'

const PASSWORD = 'limited-4711'

describe('the pool', () => {
  it('opens min_connections and never more than max_connections, with the application_name', async () => {
    await using test = await TestDatabase.create()
    const limits = { min_connections: 3, max_connections: 4, application_name: test.name }
    const { config } = parseConfig(test.config(limits))
    await using database = await Database.connect(config)
    const count = async (): Promise<number> => {
      const sql = `SELECT count(*) FROM pg_stat_activity WHERE application_name = '${test.name}'`
      return Number((await test.sql(sql))[0]?.['count'])
    }
    expect(await count()).to.equal(3)
    expect(database.figures()).to.include({ min: 3, max: 4, size: 3, idle: 3, busy: 0 })
    const queries = Array.from(
      { length: 8 },
      async () => await database.query('SELECT pg_sleep(0.2)'),
    )
    await database.query('SELECT 1')
    expect(await count()).to.equal(4)
    await Promise.all(queries)
    expect(database.figures()).to.include({ size: 4, idle: 4, busy: 0, waiting: 0 })
  })

  it('a connection that does not become free in time is a transient error', async () => {
    await using test = await TestDatabase.create()
    const limits = { max_connections: 1, timeout_seconds: 1, connect_timeout: 1 }
    await using database = await Database.connect(parseConfig(test.config(limits)).config)
    const held = await database.acquire()
    const error: unknown = await database.acquire().catch((reason: unknown) => reason)
    expect(error).to.include({ failureType: 'transient_error' })
    expect(String(error)).to.match(/All 1 connections .* none became free within 2 s/)
    held.release()
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
  })

  it('waiting for a connection ends when the run is stopped', async () => {
    await using test = await TestDatabase.create()
    const { config } = parseConfig(test.config({ max_connections: 1 }))
    const stop = new AbortController()
    await using database = await Database.connect(config, { signal: stop.signal })
    const held = await database.acquire()
    const waiting = database.acquire().catch((reason: unknown) => reason)
    const reason = new Error('stopped')
    stop.abort(reason)
    expect(await waiting).to.equal(reason)
    held.release()
  })

  it('probes silent backends on one connection at a time', async () => {
    await using test = await TestDatabase.create()
    await using proxy = await FaultProxy.start(test.server.port)
    const warnings: string[] = []
    const limits = { min_connections: 4, max_connections: 4, timeout_seconds: 1 }
    const { config } = parseConfig(test.config({ port: proxy.port, ...limits }))
    const log = (_level: string, message: string): void => void warnings.push(message)
    await using database = await Database.connect(config, { log })
    // A probe must still be in progress when the next connection has been silent for long enough
    proxy.fault = { type: 'delay', ms: 100 }
    const sleeping = Array.from({ length: 4 }, async () => {
      await database.query('SELECT pg_catalog.pg_sleep(2.5)')
    })
    await Promise.all(sleeping)
    expect(warnings.join()).to.include('is active')
    expect(proxy.peak).to.be.at.most(5)
  })

  it('a role with one connection → check warns with the numbers, and a read works', async () => {
    await using test = await TestDatabase.create()
    const role = `${test.name}_role`
    await test.sql(`
      CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}' CONNECTION LIMIT 1;
      CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 100) AS n;
      GRANT SELECT ON t TO ${role}`)
    const account = { username: role, password: PASSWORD }
    await using connector = await withConnector(test.config(account))
    const { logs } = await connector.check()
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings.join()).to.match(/is 5, but the limit is 1: .* the role may have 1,/)
    const run = await connector.read()
    expect(run.code).to.equal(0)
    expect(run.records).to.have.length(100)

    const held = await Database.connect(parseConfig(test.config(account)).config)
    try {
      const refused = await connector.read()
      expect(refused.errors.map(({ failure_type: type }) => type)).to.deep.equal([
        'transient_error',
      ])
      expect(refused.errors[0]?.message).to.include('the sync has 0 and needs up to 5')
      const error: unknown = await holdTwo(held).catch((reason: unknown) => reason)
      expect(String(error)).to.match(/the sync has 1 and needs up to 5 .* the role may have 1\./)
    } finally {
      await held[Symbol.asyncDispose]()
      await test.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})

async function holdTwo(database: Database): Promise<void> {
  const first = await database.acquire()
  try {
    const second = await database.acquire()
    second.release()
  } finally {
    first.release()
  }
}
