import { expect } from 'chai'
import { Connector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { type Json, type Message, type StateMessage, lastStates } from '../../helpers/messages.ts'
import { Consumer, distinct, idsOf, range } from '../../helpers/consumer.ts'

const ROWS_PER_LEAF = 1000

const CREATE_LEAVES = `
  CREATE TABLE t (id bigint, changed bigint, note text) PARTITION BY RANGE (id);
  CREATE TABLE one PARTITION OF t FOR VALUES FROM (0) TO (1000);
  CREATE TABLE two PARTITION OF t FOR VALUES FROM (1000) TO (2000);
  CREATE TABLE three PARTITION OF t FOR VALUES FROM (2000) TO (3000) PARTITION BY RANGE (id);
  CREATE TABLE three_a PARTITION OF three FOR VALUES FROM (2000) TO (2500);
  CREATE TABLE three_b PARTITION OF three FOR VALUES FROM (2500) TO (3000);
  INSERT INTO t SELECT n, n, repeat('x', 300) FROM generate_series(0, 2999) AS n`

const LOADS = [
  ['a full refresh', { syncMode: 'full_refresh' }, {}],
  ['the first load by cursor', { cursorField: 'changed' }, {}],
  [
    'the first load by xmin',
    { syncMode: 'incremental' },
    { replication_method: { method: 'Xmin' } },
  ],
] as const

/** Whether a message is a state within a leaf. */
function isInLeaf({ state }: Message, leaf: string): boolean {
  const value = state?.stream?.stream_state
  return value?.['ctid'] !== undefined && JSON.stringify(value).includes(leaf)
}

describe('a partitioned table', () => {
  for (const [load, choice, method] of LOADS) {
    it(`${load}: killed in the second leaf → resumes there, the first leaf is not repeated`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(CREATE_LEAVES)
      const config = { batch_size: 50, ...method }
      await using consumer = await Consumer.create(database, [{ name: 't', ...choice }], config)
      let states = 3
      const killed = await consumer.attempt({
        at: (each) => isInLeaf(each, 'two') && --states === 0,
      })
      expect(killed.signal).to.equal('SIGKILL')
      const before = idsOf(killed.messages)
      expect(before).to.include.members(range(0, ROWS_PER_LEAF - 1))
      const after = idsOf((await consumer.sync()).messages)
      expect(distinct([...before, ...after])).to.deep.equal(range(0, 2999))
      expect(Math.min(...after), 'the first row of the second attempt').to.be.greaterThan(999)
      expect(before.length + after.length - 3000, 'repeated rows').to.be.lessThan(100)
      if (load === 'a full refresh') return
      await database.sql('INSERT INTO t VALUES (999, 9001), (1001, 9002), (2999, 9003)')
      expect(distinct(idsOf((await consumer.sync()).messages))).to.deep.equal([999, 1001, 2999])
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
    })

    it(`${load}: the first leaf is rewritten between two attempts → no gap`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(CREATE_LEAVES)
      const config = { batch_size: 50, ...method }
      await using consumer = await Consumer.create(database, [{ name: 't', ...choice }], config)
      const killed = await consumer.attempt({ at: (each) => isInLeaf(each, 'two') })
      await database.sql(`TRUNCATE one`)
      await database.sql('INSERT INTO t SELECT n, 5, NULL FROM generate_series(0, 99) AS n')
      const messages = [...(await consumer.sync()).messages, ...(await consumer.sync()).messages]
      const rows = messages.flatMap(({ record }) => (record === undefined ? [] : [record.data]))
      const refilled = rows.filter(({ changed }) => changed === 5).map(({ id }) => Number(id))
      expect(distinct(refilled), 'new rows of the first leaf').to.deep.equal(range(0, 99))
      const ids = [...idsOf(killed.messages), ...idsOf(messages)]
      expect(ids).to.include.members(range(1000, 2999))
    })
  }
})

describe('a view', () => {
  it('is not resumed: a killed full refresh starts over', async () => {
    await using database = await TestDatabase.create()
    await database.sql(
      `CREATE VIEW v AS SELECT n AS id, repeat('x', 300) AS note FROM generate_series(1, 20000) AS n`,
    )
    await using consumer = await Consumer.create(database, [{ name: 'v' }], { batch_size: 100 })
    let records = 0
    const killed = await consumer.attempt({
      at: ({ record }) => record !== undefined && ++records === 5000,
    })
    expect(killed.signal).to.equal('SIGKILL')
    expect(idsOf((await consumer.sync()).messages)).to.have.members(range(1, 20_000))
  })

  it('by cursor: a killed first load starts over, a killed later sync resumes', async () => {
    await using database = await TestDatabase.create()
    await database.sql(
      `CREATE TABLE t (id bigint, note text);
       CREATE VIEW v AS SELECT id, id AS changed, note FROM t;
       INSERT INTO t SELECT n, repeat('x', 300) FROM generate_series(1, 20000) AS n`,
    )
    const streams = [{ name: 'v', cursorField: 'changed' }]
    const config = { batch_size: 100, late_commit_window_seconds: 0 }
    await using consumer = await Consumer.create(database, streams, config)
    let left = 5000
    const at = ({ record }: Message): boolean => record !== undefined && --left === 0
    const killed = await consumer.attempt({ at })
    const ids = [...idsOf(killed.messages), ...idsOf((await consumer.sync()).messages)]
    expect(distinct(ids)).to.deep.equal(range(1, 20_000))
    await database.sql(
      `INSERT INTO t SELECT n, repeat('x', 300) FROM generate_series(20001, 40000) AS n`,
    )
    left = 10_000
    const first = idsOf((await consumer.attempt({ at })).messages)
    const second = idsOf((await consumer.sync()).messages)
    expect(distinct([...first, ...second])).to.deep.equal(range(20_001, 40_000))
    expect(second[0], 'where the second attempt begins').to.be.greaterThan(20_001)
  })
})

/** Syncs without a catalog, so that the config selects the streams. */
async function readByConfig(
  config: Json,
  state: readonly StateMessage[] = [],
): Promise<{ ids: number[]; state: readonly StateMessage[] }> {
  await using connector = await Connector.create(config)
  const run = await connector.read({ state })
  if (run.code !== 0) throw new Error(run.stdout)
  const before: Message[] = state.map((each) => ({ type: 'STATE', state: each }))
  return { ids: idsOf(run.messages), state: lastStates([...before, ...run.messages]) }
}

describe('a custom query', () => {
  const QUERY = `SELECT o.id, o.updated_at, c.name
                 FROM orders AS o JOIN customers AS c ON c.id = o.customer_id; -- all of them`
  const CREATE = `
    CREATE TABLE customers (id bigint, name text);
    CREATE TABLE orders (id bigint, customer_id bigint, updated_at timestamptz);
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
    INSERT INTO orders VALUES (1, 1, '2024-01-31 10:00:00Z'), (2, 2, '2024-01-31 11:00:00Z')`

  for (const cursor of ['o.updated_at', 'updated_at']) {
    it(`is read incrementally by ${cursor}`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(CREATE)
      const config = database.config({
        query: QUERY,
        sync_mode: 'incremental',
        cursor_field: cursor,
        late_commit_window_seconds: 0,
      })
      const first = await readByConfig(config)
      expect(first.ids).to.have.members([1, 2])
      const second = await readByConfig(config, first.state)
      expect(second.ids).to.deep.equal([])
      await database.sql(`INSERT INTO orders VALUES (4, 2, '2024-02-02'), (3, 1, '2024-02-01')`)
      const third = await readByConfig(config, second.state)
      expect(third.ids).to.deep.equal([3, 4])
      expect((await readByConfig(config, third.state)).ids).to.deep.equal([])
    })
  }

  it('reads the window again, with rows of late commits', async () => {
    await using database = await TestDatabase.create()
    await database.sql(CREATE)
    const config = database.config({
      query: QUERY,
      sync_mode: 'incremental',
      cursor_field: 'o.updated_at',
    })
    const first = await readByConfig(config)
    await using t1 = await database.session()
    await t1.sql('BEGIN; INSERT INTO orders VALUES (10, 1, now())')
    await database.sql('INSERT INTO orders VALUES (20, 1, clock_timestamp())')
    const second = await readByConfig(config, first.state)
    expect(second.ids).to.include(20)
    await t1.sql('COMMIT')
    expect((await readByConfig(config, second.state)).ids).to.include(10)
  })

  it('starts over after a killed full refresh', async () => {
    await using database = await TestDatabase.create()
    const query = `SELECT n AS id, repeat('x', 300) AS note FROM generate_series(1, 20000) AS n`
    await using consumer = await Consumer.create(database, [{ name: 'query' }], { query })
    let left = 5000
    await consumer.attempt({ at: ({ record }) => record !== undefined && --left === 0 })
    expect(idsOf((await consumer.sync()).messages)).to.have.members(range(1, 20_000))
  })
})
