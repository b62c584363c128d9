import { expect } from 'chai'
import { range } from '../../helpers/consumer.ts'
import { CursorTable } from './cursor-table.ts'

const CURSOR_TYPES = ['bigint', 'text', 'timestamptz'] as const

/** What was read before T1 begins. */
const STARTS = [
  ['the first load', []],
  ['a later sync', [1]],
] as const

/** More subtransactions than a snapshot lists (PGPROC_MAX_CACHED_SUBXIDS is 64). */
const MANY_SUBTRANSACTIONS = 150

async function prepare(table: CursorTable, ids: readonly number[]): Promise<void> {
  for (const id of ids) await table.commit(table.insert(id, id))
  if (ids.length > 0) expect(await table.sync()).to.deep.equal(ids)
}

function inSubtransactions(statements: readonly string[]): string {
  return statements.map((sql, n) => `SAVEPOINT s${n}; ${sql}; RELEASE s${n}`).join(';\n')
}

for (const cursorType of CURSOR_TYPES) {
  for (const [start, rows] of STARTS) {
    describe(`a transaction that commits after ${start}, with a lower ${cursorType} cursor`, () => {
      it('is read by the next sync, and rows that were read are not repeated', async () => {
        await using table = await CursorTable.create({ cursorType })
        await prepare(table, rows)
        await using t1 = await table.begin(table.insert(10, 10))
        await table.commit(table.insert(20, 20))
        expect((await table.sync()).filter((id) => id >= 10)).to.deep.equal([20])
        await t1.sql('COMMIT')
        expect(await table.sync()).to.deep.equal([10])
        expect(await table.sync()).to.deep.equal([])
      })
    })
  }
}

describe('rows of late commits', () => {
  it('are read from released subtransactions, not from those rolled back', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    await using t1 = await table.begin(
      `${inSubtransactions([table.insert(10, 10), table.insert(11, 11)])};
       SAVEPOINT lost; ${table.insert(12, 12)}; ROLLBACK TO lost`,
    )
    await table.commit(`BEGIN; ${inSubtransactions([table.insert(20, 20)])}; COMMIT`)
    expect(await table.sync()).to.deep.equal([20])
    await t1.sql(`SAVEPOINT late; ${table.insert(13, 13)}; RELEASE late; COMMIT`)
    expect(await table.sync()).to.deep.equal([10, 11, 13])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read from more subtransactions than a snapshot lists', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    const late = range(1000, 1000 + MANY_SUBTRANSACTIONS)
    await using t1 = await table.begin(inSubtransactions(late.map((id) => table.insert(id, id))))
    const early = range(2000, 2000 + MANY_SUBTRANSACTIONS)
    const visible = inSubtransactions(early.map((id) => table.insert(id, id)))
    await table.commit(`BEGIN; ${visible}; COMMIT`)
    expect(await table.sync()).to.deep.equal(early)
    await t1.sql('COMMIT')
    expect(await table.sync()).to.deep.equal(late)
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read from a prepared transaction', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    const gid = table.database.name
    await table.commit(`BEGIN; ${table.insert(10, 10)}; PREPARE TRANSACTION '${gid}'`)
    await table.commit(table.insert(20, 20))
    expect(await table.sync()).to.deep.equal([20])
    expect(await table.sync()).to.deep.equal([])
    await table.commit(`COMMIT PREPARED '${gid}'`)
    expect(await table.sync()).to.deep.equal([10])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read from a transaction that was open during several syncs', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    for (const id of [20, 30, 40]) {
      await table.commit(table.insert(id, id))
      expect(await table.sync()).to.deep.equal([id])
    }
    await t1.sql(`${table.insert(25, 25)}; COMMIT`)
    expect(await table.sync()).to.have.members([10, 25])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read from a transaction that had not written anything when the sync ran', async () => {
    await using table = await CursorTable.create({ cursorType: 'timestamptz' })
    await using t1 = await table.begin('SELECT now()')
    await table.commit(`INSERT INTO t VALUES (20, clock_timestamp())`)
    expect(await table.sync()).to.deep.equal([20])
    await t1.sql(`INSERT INTO t VALUES (10, now()); COMMIT`)
    expect(await table.sync()).to.deep.equal([10])
    expect(await table.sync()).to.deep.equal([])
  })

  it('include updates of rows that were read before', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1, 2])
    await using t1 = await table.begin(table.update(1, 10))
    await table.commit(`${table.insert(20, 20)}; ${table.update(2, 21)}`)
    expect(await table.sync()).to.deep.equal([20, 2])
    await t1.sql('COMMIT')
    const { messages } = await table.consumer.sync()
    const rows = messages.flatMap(({ record }) => (record === undefined ? [] : [record.data]))
    expect(rows).to.deep.equal([{ id: 1, changed: 10, note: 'updated' }])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are not read from a transaction that rolls back', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    await table.commit(table.insert(20, 20))
    expect(await table.sync()).to.deep.equal([20])
    await t1.sql('ROLLBACK')
    expect(await table.sync()).to.deep.equal([])
  })

  it('are distinguished from rows that were visible above the horizon, over several syncs', async () => {
    await using table = await CursorTable.create()
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    for (const id of range(20, 40)) await table.commit(table.insert(id, id))
    expect(await table.sync()).to.deep.equal(range(20, 40))
    await using t2 = await table.begin(table.insert(15, 15))
    await table.commit(table.insert(50, 50))
    expect(await table.sync()).to.deep.equal([50])
    await t1.sql('COMMIT')
    expect(await table.sync()).to.deep.equal([10])
    await t2.sql('COMMIT')
    expect(await table.sync()).to.deep.equal([15])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read after a sync that was killed before its last state', async () => {
    await using table = await CursorTable.create({ config: { batch_size: 10 } })
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    await table.commit(
      `INSERT INTO t SELECT n, n, repeat('x', 500) FROM generate_series(20, 2000) n`,
    )
    let states = 2
    await table.consumer.attempt({ at: ({ state }) => state !== undefined && --states === 0 })
    await t1.sql('COMMIT')
    const ids = await table.sync()
    expect(ids).to.include.members([10, 2000])
    expect(ids.length, 'records of the second attempt').to.be.lessThan(1980)
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read if the first load was killed and resumed meanwhile', async () => {
    await using table = await CursorTable.create({ config: { batch_size: 10 } })
    await table.commit(
      `INSERT INTO t SELECT n, n, repeat('x', 500) FROM generate_series(1000, 2000) n`,
    )
    await using t1 = await table.begin(`UPDATE t SET changed = 2001 WHERE id = 1005`)
    await table.commit(table.insert(3000, 3000))
    let states = 3
    const killed = await table.consumer.attempt({
      at: ({ state }) => state !== undefined && --states === 0,
    })
    expect(killed.messages.some(({ record }) => record?.data['id'] === 1005)).to.equal(true)
    await t1.sql('COMMIT')
    const { messages } = await table.consumer.sync()
    const later = [...messages, ...(await table.consumer.sync()).messages]
    const changes = later.flatMap(({ record }) =>
      record?.data['id'] === 1005 ? [record.data] : [],
    )
    expect(changes.map(({ changed }) => changed)).to.include(2001)
    expect(await table.sync()).to.deep.equal([])
  })
})

describe('rows of late commits in other relations', () => {
  it('are read from a partitioned table with any column order', async () => {
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, changed bigint, note text) PARTITION BY RANGE (id);
               CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100);
               CREATE TABLE high (note text, gone int, changed bigint, id bigint);
               ALTER TABLE high DROP gone;
               ALTER TABLE t ATTACH PARTITION high FOR VALUES FROM (100) TO (1000)`,
    })
    await prepare(table, [1])
    await using t1 = await table.begin(`${table.insert(10, 10)}; ${table.insert(110, 11)}`)
    await table.commit(`${table.insert(20, 20)}; ${table.insert(120, 21)}`)
    expect(await table.sync()).to.deep.equal([20, 120])
    await t1.sql('COMMIT')
    expect(await table.sync()).to.have.members([10, 110])
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read from a view, whose window is read again', async () => {
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, changed bigint, note text);
               CREATE VIEW v AS SELECT id, changed, upper(note) AS note FROM t`,
      stream: 'v',
    })
    await table.commit(table.insert(1, 1))
    expect(await table.sync()).to.deep.equal([1])
    await using t1 = await table.begin(table.insert(10, 10))
    await table.commit(table.insert(20, 20))
    expect(await table.sync()).to.include(20)
    await t1.sql('COMMIT')
    expect(await table.sync()).to.include(10)
  })

  it('are read in xmin mode', async () => {
    const config = { replication_method: { method: 'Xmin' } }
    await using table = await CursorTable.create({ config, hasCursorField: false })
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    await table.commit(`BEGIN; ${inSubtransactions([table.insert(20, 20)])}; COMMIT`)
    expect(await table.sync()).to.deep.equal([20])
    await t1.sql('COMMIT')
    expect(await table.sync()).to.include(10)
    await table.commit(table.insert(30, 30))
    expect(await table.sync()).to.include(30)
    expect(await table.sync()).not.to.include(1)
  })
})

describe('late_commit_window_seconds', () => {
  it('0 → rows that are committed late are lost, which the window prevents', async () => {
    await using table = await CursorTable.create({ config: { late_commit_window_seconds: 0 } })
    await prepare(table, [1])
    await using t1 = await table.begin(table.insert(10, 10))
    await table.commit(table.insert(20, 20))
    expect(await table.sync()).to.deep.equal([20])
    await t1.sql('COMMIT')
    expect(await table.sync()).to.deep.equal([])
  })

  it('0 → a view is read from the saved value on, without earlier rows', async () => {
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, changed bigint, note text);
               CREATE VIEW v AS SELECT id, changed, note FROM t`,
      stream: 'v',
      config: { late_commit_window_seconds: 0 },
    })
    await table.commit(`${table.insert(1, 1)}; ${table.insert(2, 2)}`)
    expect(await table.sync()).to.have.members([1, 2])
    await table.commit(table.insert(3, 3))
    expect(await table.sync()).to.deep.equal([3])
  })

  it('ends: rows that are older than the window are not read again', async () => {
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, changed bigint, note text);
               CREATE VIEW v AS SELECT id, changed, note FROM t`,
      stream: 'v',
      config: { late_commit_window_seconds: 1 },
    })
    for (const id of [1, 2, 3]) {
      await table.commit(table.insert(id, id))
      expect(await table.sync()).to.include(id)
      await new Promise((resolve) => setTimeout(resolve, 1100))
    }
    expect(await table.sync()).not.to.include(1)
  })
})
