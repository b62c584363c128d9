import { expect } from 'chai'
import type { TestDatabase } from '../../helpers/database.ts'
import { type Attempt, Consumer, distinct, idsOf, logsOf, range } from '../../helpers/consumer.ts'
import { CursorTable } from '../cursor/cursor-table.ts'

/** Matches log messages about a table whose rows were moved or replaced. */
const TELLS_OF_REWRITE = /rewritten|truncated|created again|re-?created|another file/i

const ROWS = 2000

/**
 * Changes of a table of `ROWS` rows → the ids that must be read later, and whether the log has a
 * message.
 */
const CHANGES = [
  ['VACUUM FULL', 'VACUUM FULL t', [], true],
  ['CLUSTER', 'CLUSTER t USING t_changed', [], true],
  [
    'VACUUM FULL and a new row',
    `VACUUM FULL t; INSERT INTO t VALUES (9001, 9001, 'n')`,
    [9001],
    true,
  ],
  ['TRUNCATE', 'TRUNCATE t', [], true],
  [
    'TRUNCATE and rows with smaller cursors',
    `TRUNCATE t; INSERT INTO t VALUES (9001, 1, 'n'), (9002, 2, 'n')`,
    [9001, 9002],
    true,
  ],
  [
    'ALTER TABLE ADD COLUMN and a new row',
    `ALTER TABLE t ADD COLUMN extra int DEFAULT 7; INSERT INTO t VALUES (9001, 9001, 'n')`,
    [9001],
    false,
  ],
  [
    'ALTER TABLE ADD COLUMN with a volatile default',
    `ALTER TABLE t ADD COLUMN extra float8 DEFAULT random(); INSERT INTO t VALUES (9001, 5, 'n')`,
    [9001],
    true,
  ],
  [
    'ALTER TABLE ALTER COLUMN id TYPE numeric',
    `ALTER TABLE t ALTER COLUMN id TYPE numeric; INSERT INTO t VALUES (9001, 9001, 'n')`,
    [9001],
    true,
  ],
  [
    'ALTER TABLE ALTER the cursor TYPE numeric',
    `ALTER TABLE t ALTER COLUMN changed TYPE numeric; INSERT INTO t VALUES (9001, 9001.5, 'n')`,
    [9001],
    true,
  ],
  [
    'DROP and CREATE with smaller cursors',
    `DROP TABLE t; CREATE TABLE t (id bigint, changed bigint, note text);
     INSERT INTO t VALUES (9001, 1, 'n'), (9002, 2, 'n')`,
    [9001, 9002],
    true,
  ],
] as const

function logsOfRewrite(attempt: Attempt): string[] {
  const messages = logsOf(attempt, 'WARN', 'INFO').map(({ message }) => message)
  return messages.filter((message) => TELLS_OF_REWRITE.test(message))
}

async function fill(table: CursorTable): Promise<void> {
  await table.commit(
    `INSERT INTO t SELECT n, n, repeat('x', 300) FROM generate_series(1, ${ROWS}) AS n`,
  )
}

/** VACUUM and similar statements cannot run together with others. */
async function runOneByOne(database: TestDatabase, sql: string): Promise<void> {
  for (const statement of sql.split(';')) await database.sql(statement)
}

async function currentIds(database: TestDatabase): Promise<number[]> {
  const rows = await database.sql('SELECT id FROM t ORDER BY id')
  return rows.map(({ id }) => Number(id))
}

/** Syncs until one ends by itself. */
async function finish(consumer: Consumer): Promise<number[]> {
  const ids: number[] = []
  for (let left = 5; left > 0; left--) {
    const { code, messages } = await consumer.attempt()
    ids.push(...idsOf(messages, 't'))
    if (code === 0) return ids
  }
  throw new Error('No sync ended by itself')
}

for (const config of [{}, { replication_method: { method: 'Xmin' } }]) {
  const isXmin = 'replication_method' in config
  describe(`between two incremental syncs, by ${isXmin ? 'xmin' : 'cursor'}`, () => {
    for (const [what, sql, expected, isLogged] of CHANGES) {
      it(`${what} → no gap${isLogged && !isXmin ? ', and a message in the log' : ''}`, async () => {
        await using table = await CursorTable.create({ config, hasCursorField: !isXmin })
        await fill(table)
        expect(await table.sync()).to.have.length(ROWS)
        await runOneByOne(table.database, sql)
        const later = await table.consumer.sync()
        expect(idsOf(later.messages)).to.include.members([...expected])
        // By xmin, a rewrite has no effect: its rows keep their xmin, or get a new one and are read
        // again
        if (!isXmin) expect(logsOfRewrite(later).length > 0, 'logged').to.equal(isLogged)
        const third = await table.consumer.sync()
        expect(idsOf(third.messages)).to.deep.equal([])
        expect(logsOfRewrite(third)).to.deep.equal([])
      })
    }
  })
}

/** A table and its end, and the statements that make another one of the same kind. */
const REPLACED = [
  ['a table', '', []],
  [
    'a partitioned table',
    'PARTITION BY RANGE (id)',
    ['CREATE TABLE NAME_1 PARTITION OF NAME DEFAULT'],
  ],
] as const

for (const config of [{}, { replication_method: { method: 'Xmin' } }]) {
  const isXmin = 'replication_method' in config
  describe(`another table takes the name of a stream, by ${isXmin ? 'xmin' : 'cursor'}`, () => {
    for (const [what, partitioning, partitions] of REPLACED) {
      const create = (name: string): string =>
        [`CREATE TABLE NAME (id bigint, changed bigint, note text) ${partitioning}`, ...partitions]
          .join(';')
          .replaceAll('NAME', name)

      it(`${what} → its rows are read, also those older than the state`, async () => {
        await using table = await CursorTable.create({
          config,
          hasCursorField: !isXmin,
          create: create('t'),
        })
        await table.commit('INSERT INTO t SELECT n, n FROM generate_series(1, 10) AS n')
        await table.commit(
          `${create('other')}; INSERT INTO other SELECT n, n FROM generate_series(1, 5) AS n`,
        )
        expect(await table.sync()).to.have.length(10)
        await table.commit('ALTER TABLE t RENAME TO former; ALTER TABLE other RENAME TO t')
        const later = await table.consumer.sync()
        expect(distinct(idsOf(later.messages))).to.deep.equal(range(1, 5))
        expect(logsOfRewrite(later)).to.have.length(1)
        expect(await table.sync()).to.deep.equal([])
      })
    }
  })
}

/** A table with the leaves `a` and `b`. */
const PARTITIONED = {
  cursorType: 'timestamptz',
  create: `CREATE TABLE t (id bigint, changed timestamptz, note text) PARTITION BY RANGE (id);
           CREATE TABLE a PARTITION OF t FOR VALUES FROM (0) TO (1000);
           CREATE TABLE b PARTITION OF t DEFAULT`,
} as const

describe('a leaf that is truncated and filled again between two syncs by a cursor', () => {
  for (const [what, refill] of [
    ['TRUNCATE of the leaf', 'TRUNCATE a'],
    ['TRUNCATE of the table', 'TRUNCATE t'],
  ] as const) {
    it(`${what} → rows with values before the window are read`, async () => {
      await using table = await CursorTable.create(PARTITIONED)
      await table.commit(`${table.insert(1, 1)}; ${table.insert(2000, 90_000)}`)
      expect(await table.sync()).to.have.members([1, 2000])
      await table.commit(refill)
      await table.commit(table.insert(2, 2))
      expect(await table.sync()).to.include(2)
      expect(await table.sync()).to.deep.equal([])
    })

    it(`${what} while a transaction is open → each row is read once`, async () => {
      await using table = await CursorTable.create(PARTITIONED)
      await table.commit(`${table.insert(1, 1)}; ${table.insert(2000, 90_000)}`)
      expect(await table.sync()).to.have.members([1, 2000])
      await using transaction = await table.begin('CREATE TABLE other ()')
      await table.commit(refill)
      await table.commit(table.insert(2, 2))
      expect(await table.sync()).to.include(2)
      expect(await table.sync()).to.deep.equal([])
      await table.commit('TRUNCATE a')
      await table.commit(table.insert(3, 3))
      expect(await table.sync()).to.deep.equal([3])
      expect(await table.sync()).to.deep.equal([])
      await transaction.sql('COMMIT')
      expect(await table.sync()).to.deep.equal([])
    })
  }

  it('has rows that are read once if it was created while a transaction was open', async () => {
    await using table = await CursorTable.create(PARTITIONED)
    await using transaction = await table.begin('CREATE TABLE other ()')
    await table.commit('CREATE TABLE c PARTITION OF t FOR VALUES FROM (1000) TO (2000)')
    await table.commit(table.insert(1200, 1))
    await table.commit(table.insert(2000, 90_000))
    expect(await table.sync()).to.have.members([1200, 2000])
    expect(await table.sync()).to.deep.equal([])
    await transaction.sql('COMMIT')
    expect(await table.sync()).to.deep.equal([])
  })
})

/** The first load as a full refresh, by cursor and by xmin. */
const LOADS = [
  ['a full refresh', { syncMode: 'full_refresh' }, {}],
  ['the first load of cursor mode', { cursorField: 'changed' }, {}],
  [
    'the first load of xmin mode',
    { syncMode: 'incremental' },
    { replication_method: { method: 'Xmin' } },
  ],
] as const

for (const [load, choice, method] of LOADS) {
  describe(`during ${load}`, () => {
    for (const [what, sql, , isLogged] of CHANGES) {
      it(`${what} → no gap${isLogged ? ', and a message in the log' : ''}`, async () => {
        await using table = await CursorTable.create()
        await fill(table)
        const streams = [{ name: 't', ...choice }]
        const config = { batch_size: 100, ...method }
        await using consumer = await Consumer.create(table.database, streams, config)
        let states = 3
        const at = ({ state }: { state?: unknown }): boolean =>
          state !== undefined && --states === 0
        const killed = await consumer.attempt({ at })
        expect(consumer.stateOf('t')).to.have.property('ctid')
        await runOneByOne(table.database, sql)
        const later = await consumer.sync()
        const last = await consumer.sync()
        const ids = [killed, later, last].flatMap(({ messages }) => idsOf(messages))
        expect(ids).to.include.members(await currentIds(table.database))
        expect(logsOfRewrite(later).length > 0, 'logged').to.equal(isLogged)
      })
    }
  })
}

describe('while an earlier stream of the same sync is read', () => {
  for (const [what, sql] of [
    ['VACUUM FULL', 'VACUUM FULL t'],
    ['a rewriting ALTER TABLE', 'ALTER TABLE t ALTER COLUMN note TYPE varchar(400)'],
    ['a rewriting ALTER of the cursor', 'ALTER TABLE t ALTER COLUMN changed TYPE numeric'],
    ['TRUNCATE and refill', `TRUNCATE t; INSERT INTO t VALUES (1, 1, 'n'), (2, 2, 'n')`],
  ] as const) {
    for (const [load, choice, method] of LOADS) {
      it(`${what} → ${load} has no gap: its rows are read, or the sync fails and the next one reads them`, async () => {
        await using table = await CursorTable.create()
        await fill(table)
        await table.commit(
          `CREATE TABLE big AS SELECT n AS id, n AS changed, repeat('x', 300) AS note
           FROM generate_series(1, 20000) AS n`,
        )
        const streams = ['big', 't'].map((name) => ({ name, ...choice }))
        await using consumer = await Consumer.create(table.database, streams, method)
        const ids = await readAround(consumer, () => runOneByOne(table.database, sql))
        expect(ids).to.include.members(await currentIds(table.database))
      })
    }
  }
})

/**
 * Stops reading within the first stream, lets `change` run or wait for the connector, and finishes.
 */
async function readAround(consumer: Consumer, change: () => Promise<void>): Promise<number[]> {
  await using running = await consumer.start()
  const messages = []
  let changing: Promise<void> | null = null
  for await (const message of running.messages()) {
    messages.push(message)
    if (messages.length !== 1000) continue
    changing = change()
    await Promise.race([changing, new Promise((resolve) => setTimeout(resolve, 1000))])
  }
  consumer.accept(messages)
  const { code } = await running.ended
  await changing
  const ids = idsOf(messages, 't')
  // Incremental streams also have the next sync; a full refresh that reports COMPLETE must be
  // complete
  const hasNext = code !== 0 || consumer.stateOf('t')?.['state_type'] !== 'ctid_based'
  return hasNext ? [...ids, ...(await finish(consumer))] : ids
}

describe('a leaf that is detached between two attempts', () => {
  it('causes no gap in the other leaves', async () => {
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, changed bigint, note text) PARTITION BY RANGE (id);
               CREATE TABLE a PARTITION OF t FOR VALUES FROM (0) TO (1000);
               CREATE TABLE b PARTITION OF t FOR VALUES FROM (1000) TO (2000);
               CREATE TABLE c PARTITION OF t FOR VALUES FROM (2000) TO (3000)`,
    })
    await table.commit(
      `INSERT INTO t SELECT n, n, repeat('x', 300) FROM generate_series(0, 2999) AS n`,
    )
    await using consumer = await Consumer.create(table.database, [{ name: 't' }], {
      batch_size: 50,
    })
    const killed = await consumer.attempt({
      at: ({ state }) => String(state?.stream?.stream_state?.['leaf']).includes('"b"'),
    })
    await table.commit('ALTER TABLE t DETACH PARTITION b')
    const ids = [...idsOf(killed.messages), ...idsOf((await consumer.sync()).messages)]
    expect(distinct(ids)).to.include.members([...range(0, 999), ...range(2000, 2999)])
  })
})
