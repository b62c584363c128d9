import { expect } from 'chai'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Connector,
  runConnector,
  startConnector,
  withConnector,
} from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { recordsOf, type StateMessage } from '../helpers/messages.ts'

const INCREMENTAL = { sync_mode: 'incremental', cursor_field: 'updated_at' }

describe('read without a catalog', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE customers (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL);
      CREATE TABLE orders (id int PRIMARY KEY, customer_id int, updated_at timestamptz NOT NULL);
      INSERT INTO customers SELECT n, 'c' || n, timestamptz '2024-01-01Z' + n * interval '1 hour'
      FROM generate_series(1, 20) AS n;
      INSERT INTO orders SELECT n, n % 20 + 1, timestamptz '2024-02-01Z' + n * interval '1 minute'
      FROM generate_series(1, 500) AS n;
      ANALYZE`)
    connector = await withConnector(database.config(INCREMENTAL))
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  async function read(...args: readonly string[]) {
    return await runConnector(['read', '--config', connector.configFile, ...args])
  }

  it('reads every stream, or only the selected one', async () => {
    const all = await read()
    expect(recordsOf(all.messages, 'customers')).to.have.length(20)
    expect(recordsOf(all.messages, 'orders')).to.have.length(500)
    const one = await read('--stream', 'public.customers')
    expect(one.code).to.equal(0)
    expect(one.records.map(({ stream }) => stream)).to.deep.equal(Array(20).fill('customers'))
    expect(one.statuses).to.deep.equal([
      'customers: STARTED',
      'customers: RUNNING',
      'customers: COMPLETE',
    ])
  })

  it('selects streams from a catalog, too', async () => {
    const catalog = await connector.catalog()
    const file = await connector.writeFile('catalog.json', {
      streams: catalog.streams.map((stream) => ({ stream, sync_mode: 'full_refresh' })),
    })
    const run = await read('--catalog', file, '--stream', 'customers')
    expect(run.records).to.have.length(20)
  })

  it('suggests similar names for a stream that does not exist', async () => {
    const run = await read('--stream', 'custmers')
    expect(run.code).to.equal(1)
    expect(run.errors[0]).to.deep.include({
      failure_type: 'config_error',
      message: "There is no stream 'custmers' to read. Did you mean 'public.customers'?",
    })
  })

  it('resumes from the states in a file, and creates the file in the first sync', async () => {
    const path = join(connector.directory, 'state.json')
    const first = await read('--state', path, '--state-out', path)
    expect(first.code).to.equal(0)
    expect(first.records).to.have.length(520)
    const names = (await savedStates(path)).map(({ stream }) => stream?.stream_descriptor.name)
    expect(names).to.have.members(['customers', 'orders'])
    const second = await read('--state', path, '--state-out', path)
    expect(second.records).to.deep.equal([])
    await database.sql("INSERT INTO customers VALUES (21, 'new', '2025-01-01Z')")
    const third = await read('--state', path, '--state-out', path, '--stream', 'customers')
    expect(third.records.map(({ data }) => data['id'])).to.deep.equal([21])
    const saved = await savedStates(path)
    expect(saved).to.have.length(2)
    const orders = first.states.findLast(
      ({ stream }) => stream?.stream_descriptor.name === 'orders',
    )
    expect(saved.map(({ stream }) => stream)).to.deep.include(orders?.stream)
    const left = await readdir(connector.directory)
    expect(left.filter((name) => name.includes('partial'))).to.deep.equal([])
  })

  it('reads a full refresh again in the next sync, and resumes an interrupted one', async () => {
    await database.sql(`
      CREATE TABLE wide AS SELECT n AS id, rpad('x', 300, 'x') AS filler
      FROM generate_series(1, 20000) AS n`)
    await using full = await withConnector(database.config({ batch_size: 1000 }))
    const path = join(full.directory, 'state.json')
    const args = ['read', '--config', full.configFile, '--state', path, '--state-out', path]
    const selected = [...args, '--stream', 'orders', '--stream', 'wide']
    const first = await runConnector(selected)
    const second = await runConnector(selected)
    for (const { messages } of [first, second]) {
      expect(recordsOf(messages, 'orders')).to.have.length(500)
      expect(recordsOf(messages, 'wide')).to.have.length(20_000)
    }
    const [middle] = first.states.filter(
      ({ stream }) => stream?.stream_descriptor.name === 'wide' && 'ctid' in stream.stream_state!,
    )
    const others = first.states.filter(({ stream }) => stream?.stream_descriptor.name !== 'wide')
    await full.writeFile('state.json', [...others, middle])
    const rest = await runConnector(selected)
    expect(recordsOf(rest.messages, 'orders')).to.deep.equal([])
    expect(recordsOf(rest.messages, 'wide').length).to.be.within(1, 19_999)
    await database.sql('DROP TABLE wide')
  })

  it('saves a state that matches the rows delivered by a killed run', async () => {
    await database.sql(`
      CREATE TABLE big AS SELECT n AS id, rpad('x', 200, 'x') AS filler, now() AS updated_at
      FROM generate_series(1, 60000) AS n`)
    const path = join(connector.directory, 'killed.json')
    const args = ['--stream', 'big', '--state', path, '--state-out', path]
    const ids = new Set<unknown>()
    {
      await using running = startConnector(['read', '--config', connector.configFile, ...args])
      let states = 0
      for await (const { record, state } of running.messages()) {
        if (record !== undefined) ids.add(record.data['id'])
        if (state !== undefined && ++states === 3) break
      }
    }
    const saved = await savedStates(path).catch(() => [])
    const rest = await read(...args)
    expect(rest.code).to.equal(0)
    for (const { data } of rest.records) ids.add(data['id'])
    expect(ids.size).to.equal(60_000)
    if (saved.length > 0) expect(rest.records.length).to.be.below(60_000)
  })

  it('reads a joined query with a cursor that is qualified', async () => {
    const query = 'SELECT o.*, c.name FROM orders o JOIN customers c ON o.customer_id = c.id'
    await using joined = await withConnector(
      database.config({ query, ...INCREMENTAL, cursor_field: 'o.updated_at' }),
    )
    const path = join(joined.directory, 'state.json')
    const args = ['read', '--config', joined.configFile, '--state', path, '--state-out', path]
    const first = await runConnector(args)
    expect(recordsOf(first.messages, 'query')).to.have.length(500)
    await database.sql("UPDATE orders SET updated_at = '2026-01-01Z' WHERE id = 7")
    const second = await runConnector(args)
    expect(second.records.map(({ data }) => data['id'])).to.include(7)
  })
})

async function savedStates(path: string): Promise<StateMessage[]> {
  const states: StateMessage[] = JSON.parse(await readFile(path, 'utf8'))
  return states
}
