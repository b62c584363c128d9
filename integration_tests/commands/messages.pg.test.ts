import { expect } from 'chai'
import { type Connector, type Run, runConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, lineOf, type Message } from '../helpers/messages.ts'

describe('messages of the four commands', () => {
  let db: TestDatabase
  let connector: Connector
  let read: Run

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE big (id int PRIMARY KEY, v text);
       INSERT INTO big SELECT n, 'value ' || n FROM generate_series(1, 50000) AS n;
       CREATE TABLE small (a int); INSERT INTO small VALUES (1), (2);
       CREATE VIEW v AS SELECT a FROM small; ANALYZE`,
    )
    connector = await withConnector(db.config({ batch_size: 5000 }))
    read = await connector.read({ catalog: configuredCatalog(await connector.catalog()) })
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  it('spec prints one SPEC', async () => {
    const run = await connector.spec()
    expect(run.messages.map(({ type }) => type)).to.deep.equal(['SPEC'])
    expect(run).to.deep.include({ code: 0, stderr: '' })
  })

  it('check prints one CONNECTION_STATUS, and logs', async () => {
    const run = await connector.check()
    expect(run).to.deep.include({ code: 0, stderr: '', connectionStatus: { status: 'SUCCEEDED' } })
    expect(run.messages.map(({ type }) => type)).to.deep.equal(['LOG', 'CONNECTION_STATUS'])
  })

  it('discover prints one CATALOG', async () => {
    const run = await connector.discover()
    expect(run).to.deep.include({ code: 0, stderr: '' })
    expect(run.messages.map(({ type }) => type)).to.deep.equal(['CATALOG'])
    expect(run.catalog?.streams.map(({ name }) => name)).to.deep.equal(['big', 'small', 'v'])
  })

  it('discover --stream prints one stream, whatever else there is', async () => {
    const discover = ['discover', '--config', connector.configFile]
    const all = await runConnector(discover)
    const expected = all.catalog?.streams.filter(({ name }) => name === 'small')
    for (const name of ['small', 'public.small']) {
      const { catalog, code } = await runConnector([...discover, '--stream', name])
      expect(code).to.equal(0)
      expect(catalog?.streams).to.deep.equal(expected)
    }
    const unknown = await runConnector([...discover, '--stream', 'public.smal'])
    expect(unknown.code).to.equal(1)
    expect(unknown.errors[0]?.message).to.include(
      "There is no stream 'public.smal' to read. Did you mean 'public.small'?",
    )
  })

  it('read exits with 0 after all records', () => {
    expect(read).to.deep.include({ code: 0, stderr: '' })
    expect(read.records).to.have.length(50_000 + 2 + 2)
    expect(read.errors).to.deep.equal([])
  })

  it('read emits STARTED before the first record, then RUNNING, and COMPLETE after the last state', () => {
    for (const name of ['big', 'small', 'v']) {
      const statuses = read.statuses.filter((status) => status.startsWith(`${name}: `))
      const expected = ['STARTED', 'RUNNING', 'COMPLETE'].map((status) => `${name}: ${status}`)
      expect(statuses).to.deep.equal(expected)
      const order = read.messages.flatMap((message) => stepOf(message, name) ?? [])
      const steps = order.filter((step, index) => step !== order[index - 1])
      expect(steps[0]).to.equal('STARTED')
      expect(steps.at(-2)).to.equal('STATE')
      expect(steps.at(-1)).to.equal('COMPLETE')
    }
  })

  it('read counts the records since the previous state in every state, with a decimal point', () => {
    const counts = new Map<string, number>()
    for (const message of read.messages) {
      const { record, state } = message
      if (record !== undefined) counts.set(record.stream, (counts.get(record.stream) ?? 0) + 1)
      if (state === undefined) continue
      const name = state.stream?.stream_descriptor.name ?? ''
      expect(lineOf(message)).to.match(/"sourceStats":\{"recordCount":\d+\.0\}\}\}$/)
      expect(state.sourceStats?.recordCount, name).to.equal(counts.get(name) ?? 0)
      counts.set(name, 0)
    }
    expect([...counts.values()]).to.deep.equal([0, 0, 0])
  })

  it('read emits intermediate states of a large table', () => {
    const states = read.states.filter(({ stream }) => stream?.stream_descriptor.name === 'big')
    expect(states).to.have.length.above(5)
  })

  it('read emits an estimate for each analyzed table before its records, from the statistics', async () => {
    const estimates = read.traces.flatMap(({ estimate }) => estimate ?? [])
    const expected = await db.sql(
      `SELECT relname AS name, reltuples::int AS rows, relpages * current_setting('block_size')::int AS bytes
       FROM pg_class WHERE relname IN ('big', 'small') ORDER BY relname`,
    )
    expect(estimates).to.deep.equal(
      expected.map(({ name, rows, bytes }) => ({
        type: 'STREAM',
        name,
        namespace: 'public',
        row_estimate: Number(rows),
        byte_estimate: Number(bytes),
      })),
    )
    const types = read.messages.map(({ type, trace }) => trace?.type ?? type)
    expect(types.lastIndexOf('ESTIMATE')).to.be.below(types.indexOf('RECORD'))
  })

  it('read uses the same emitted_at in all messages', () => {
    const times = [...read.records, ...read.traces].map((each) => each.emitted_at)
    expect(new Set(times).size).to.equal(1)
  })

  it('read without a catalog reads the table of the config', async () => {
    await using narrow = await withConnector(db.config({ table: 'small' }))
    const run = await narrow.read()
    expect(run.code).to.equal(0)
    expect(run.records.map(({ stream, data }) => [stream, data])).to.deep.equal([
      ['small', { a: 1 }],
      ['small', { a: 2 }],
    ])
  })

  it('read without a catalog reads the query of the config', async () => {
    const query = 'SELECT a * 10 AS ten FROM small ORDER BY a; -- the end'
    await using narrow = await withConnector(db.config({ query }))
    const run = await narrow.read()
    expect(run.code).to.equal(0)
    expect(run.records.map(({ stream, data }) => [stream, data])).to.deep.equal([
      ['query', { ten: 10 }],
      ['query', { ten: 20 }],
    ])
  })
})

function stepOf({ record, state, trace }: Message, name: string): string | null {
  const status = trace?.stream_status
  if (status?.stream_descriptor.name === name) return status.status
  if (state?.stream?.stream_descriptor.name === name) return 'STATE'
  return record?.stream === name ? 'RECORD' : null
}
