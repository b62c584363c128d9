import { expect } from 'chai'
import { type Connector, type Run, withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { sharedServer } from '../../helpers/shared-server.ts'
import { type Fault, FaultProxy } from '../../helpers/fault-proxy.ts'

const ROWS = 20_000
const KILOBYTE = 1000

describe('a read through a faulty network', () => {
  let database: TestDatabase
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(
      `CREATE TABLE big AS SELECT n AS id, repeat('x', 100) AS text FROM generate_series(1, ${ROWS}) AS n`,
    )
  })
  after(async () => await database[Symbol.asyncDispose]())

  async function connector(proxy: FaultProxy, extra: object = {}): Promise<Connector> {
    const short = { timeout_seconds: 1, connect_timeout: 2, batch_size: 1000, table: 'big' }
    return await withConnector(database.config({ ...short, port: proxy.port, ...extra }))
  }

  for (const fault of [
    { type: 'delay', ms: 30 },
    { type: 'throttle', bytesPerSecond: 1000 * KILOBYTE },
    { type: 'cut', afterBytes: 700 * KILOBYTE },
    { type: 'reset', afterBytes: 700 * KILOBYTE },
    { type: 'silence', afterBytes: 700 * KILOBYTE },
  ] as const) {
    it(`${describeFault(fault)} → every row is read`, async () => {
      await using proxy = await FaultProxy.start(database.server.port, fault)
      await using source = await connector(proxy)
      const run = await source.read()
      expect(run.errors).to.deep.equal([])
      expect(run.code).to.equal(0)
      expectComplete(run)
    })
  }

  for (const fault of [
    { type: 'cut', afterBytes: 100 * KILOBYTE },
    { type: 'reset', afterBytes: 1300 * KILOBYTE },
    { type: 'silence', afterBytes: 1300 * KILOBYTE },
  ] as const) {
    it(`${describeFault(fault)}, no retries → transient_error, INCOMPLETE, exit code 1`, async () => {
      await using proxy = await FaultProxy.start(database.server.port, fault)
      await using source = await connector(proxy, { max_retries: 0 })
      expectTransient(await source.read())
    })
  }

  it('permanent silence → transient_error within the documented time', async () => {
    const silence: Fault = { type: 'silence', afterBytes: 700 * KILOBYTE }
    await using proxy = await FaultProxy.start(database.server.port, silence)
    await using source = await connector(proxy, { max_retries: 1 })
    const started = performance.now()
    await using running = await source.startRead()
    for await (const { record } of running.messages()) {
      if (record !== undefined) proxy.fault = { type: 'silence', afterBytes: 0 }
    }
    const { code } = await running.ended
    expect(code).to.equal(1)
    // timeout_seconds, connect_timeout for the probe, the pause before a retry and connect_timeout
    // again
    expect(performance.now() - started).to.be.lessThan(20_000)
  })

  for (const [phase, afterBytes] of [
    ['before the start-up', 0],
    ['during the start-up', 20],
    ['while the server sends its settings', 500],
    ['at the first look at the server', 1000],
    ['in the catalog queries', 2000],
  ] as const) {
    it(`silence ${phase} → check reports it within connect_timeout`, async () => {
      const silence: Fault = { type: 'silence', afterBytes }
      await using proxy = await FaultProxy.start(database.server.port, silence)
      await using source = await connector(proxy)
      const started = performance.now()
      const { connectionStatus, code } = await source.check()
      expect(code).to.equal(0)
      expect(connectionStatus?.status).to.equal('FAILED')
      expect(connectionStatus?.message).to.match(/connect_timeout|timeout_seconds/)
      expect(performance.now() - started).to.be.lessThan(20_000)
    })
  }
})

describe('a server that sends nothing because it is busy', () => {
  it('does not end the read; a WARN has the wait event of its backend, once per timeout_seconds', async () => {
    await using database = await TestDatabase.create(await sharedServer())
    await database.sql('CREATE TABLE locked AS SELECT 7 AS id')
    await using holder = await database.session()
    await holder.sql('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
    await using source = await withConnector(
      database.config({ table: 'locked', timeout_seconds: 1 }),
    )
    const catalog = await catalogOf(database)
    await using running = await source.startRead({ catalog })
    const warnings: string[] = []
    const ids: unknown[] = []
    for await (const { log, record } of running.messages()) {
      if (record !== undefined) ids.push(record.data['id'])
      if (log?.level !== 'WARN' || !log.message.includes('has sent nothing')) continue
      warnings.push(log.message)
      if (warnings.length === 2) await holder.sql('ROLLBACK')
    }
    expect((await running.ended).code).to.equal(0)
    expect(ids).to.deep.equal([7])
    expect(warnings).to.have.length.within(2, 3)
    for (const warning of warnings) {
      expect(warning).to.match(
        /^The server has sent nothing for 1 s \(timeout_seconds\); its backend \d+ is active and waits for Lock: relation\. The sync continues\.$/,
      )
    }
  })
})

/** Discovers without reading the locked table itself. */
async function catalogOf(database: TestDatabase): Promise<unknown> {
  await database.sql('CREATE TABLE free (id int4)')
  const stream = { name: 'locked', namespace: 'public', json_schema: { type: 'object' } }
  const properties = { id: { type: 'number', airbyte_type: 'integer' } }
  const json = { ...stream, json_schema: { type: 'object', properties } }
  const supported = { supported_sync_modes: ['full_refresh'] }
  const mode = { sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }
  return { streams: [{ stream: { ...json, ...supported }, ...mode }] }
}

function expectComplete(run: Run): void {
  const ids = new Set(run.records.map(({ data }) => data['id']))
  expect(ids.size).to.equal(ROWS)
  expect(run.statuses.at(-1)).to.equal('big: COMPLETE')
}

function expectTransient(run: Run): void {
  expect(run.code).to.equal(1)
  expect(run.errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
  expect(run.statuses.at(-1)).to.equal('big: INCOMPLETE')
}

function describeFault(fault: Fault): string {
  const { type, ...details } = fault
  return [type, ...Object.entries(details).map(([name, value]) => `${name} ${value}`)].join(', ')
}
