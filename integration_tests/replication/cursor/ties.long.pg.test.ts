import { expect } from 'chai'
import type { Message } from '../../helpers/messages.ts'
import { type Attempt, distinct, idsOf, logsOf, range } from '../../helpers/consumer.ts'
import { CursorTable } from './cursor-table.ts'

const TIES = 100_000
const FIRST_TIE = 1001
const LAST_TIE = FIRST_TIE + TIES - 1
const LAST = LAST_TIE + 20_000

/**
 * 1000 rows before the ties, the ties, and then more rows than a pipe holds, so that a kill there
 * is before the end.
 */
const INSERT_TIES = `
  INSERT INTO t (id, changed) SELECT n, n FROM generate_series(1, 1000) AS n;
  INSERT INTO t (id, changed) SELECT n, 5000 FROM generate_series(${FIRST_TIE}, ${LAST_TIE}) AS n;
  INSERT INTO t (id, changed) SELECT n, n FROM generate_series(${LAST_TIE + 1}, ${LAST}) AS n`

/** End of the first attempt: after this many records, or states. */
const KILLS = [
  ['before the ties', 'record', 500],
  ['among the first of the ties', 'record', 1500],
  ['in the middle of the ties', 'record', 50_000],
  ['at the last tie', 'record', 101_000],
  ['behind the ties', 'record', 101_500],
  ['at the first state', 'state', 1],
  ['at the second state', 'state', 2],
] as const

function after(kind: 'record' | 'state', count: number): (message: Message) => boolean {
  let left = count
  return (message) => message[kind] !== undefined && --left === 0
}

function warningsOf(attempt: Attempt): string[] {
  return logsOf(attempt, 'WARN').map(({ message }) => message)
}

describe(`${TIES} rows with one cursor value`, () => {
  for (const [place, kind, count] of KILLS) {
    it(`a later sync is killed ${place} → nothing is lost`, async () => {
      await using table = await CursorTable.create({ config: { batch_size: 1000 } })
      await table.commit('INSERT INTO t VALUES (0, 0)')
      await table.sync()
      await table.commit(INSERT_TIES)
      const killed = await table.consumer.attempt({ at: after(kind, count) })
      expect(killed.signal).to.equal('SIGKILL')
      const ids = [...idsOf(killed.messages), ...(await table.sync())]
      expect(distinct(ids)).to.deep.equal(range(1, LAST))
      expect(await table.sync()).to.deep.equal([])
    })

    it(`the first load is killed ${place} → nothing is lost`, async () => {
      await using table = await CursorTable.create({ config: { batch_size: 1000 } })
      await table.commit(INSERT_TIES)
      const killed = await table.consumer.attempt({ at: after(kind, count) })
      const ids = [...idsOf(killed.messages), ...(await table.sync()), ...(await table.sync())]
      expect(distinct(ids)).to.deep.equal(range(1, LAST))
      expect(await table.sync()).to.deep.equal([])
    })
  }

  it('at the end of the table → are read once, and later rows with the same value, too', async () => {
    await using table = await CursorTable.create()
    await table.commit(`INSERT INTO t SELECT n, 7 FROM generate_series(1, ${TIES}) AS n`)
    expect(await table.sync()).to.have.length(TIES)
    expect(await table.sync()).to.deep.equal([])
    await table.commit(`INSERT INTO t VALUES (${TIES + 1}, 7)`)
    expect(await table.sync()).to.include(TIES + 1)
    expect(await table.sync()).to.deep.equal([])
  })
})

describe('equal values with different forms', () => {
  const pairs = [
    ['numeric', '1.0', '1.00'],
    ['float8', `'-0'`, `'0'`],
  ] as const
  for (const [type, first, second] of pairs) {
    it(`a sync is killed between them, and the read row is deleted → the other is read: ${type}`, async () => {
      const create = `CREATE TABLE t (id bigint PRIMARY KEY, changed ${type}, note text)`
      await using table = await CursorTable.create({ create, config: { batch_size: 1 } })
      await table.commit('INSERT INTO t VALUES (1, -1)')
      await table.sync()
      await table.commit(`
        INSERT INTO t VALUES (2, ${first});
        INSERT INTO t SELECT n, ${second}, repeat(md5(n::text), 2000) FROM generate_series(3, 33) AS n;
        INSERT INTO t VALUES (34, ${first})`)
      const killed = await table.consumer.attempt({ at: after('state', 1) })
      const delivered = distinct(idsOf(killed.messages))
      await table.commit('DELETE FROM t WHERE id BETWEEN 2 AND 33')
      const last = Number(delivered.at(-1))
      expect(last, 'the kill is among the ties').to.be.lessThan(34)
      expect(await table.sync()).to.include(34)
    })
  }
})

describe('ties at the saved value', () => {
  it('are also read without the window', async () => {
    await using table = await CursorTable.create({ config: { late_commit_window_seconds: 0 } })
    await table.commit('INSERT INTO t VALUES (1, 7), (2, 7)')
    expect(await table.sync()).to.have.members([1, 2])
    await table.commit('INSERT INTO t VALUES (3, 7)')
    expect(await table.sync()).to.include(3)
    expect(await table.sync()).to.deep.equal([])
  })

  it('are read if a new one replaces an old one, so that their number is the same', async () => {
    await using table = await CursorTable.create()
    await table.commit('INSERT INTO t VALUES (1, 7), (2, 7)')
    await table.sync()
    await table.commit('DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 7)')
    expect(await table.sync()).to.include(3)
  })
})

describe('a sync without changes', () => {
  for (const cursorType of ['bigint', 'text', 'timestamptz'] as const) {
    it(`emits no record and keeps the state: ${cursorType}`, async () => {
      await using table = await CursorTable.create({ cursorType })
      for (const n of [1, 2, 3]) await table.commit(table.insert(n, n))
      await table.sync()
      const before = table.consumer.states
      expect(await table.sync()).to.deep.equal([])
      const [state] = table.consumer.states
      expect(state?.stream).to.deep.equal(before[0]?.stream)
      expect(state?.stream?.stream_state).to.include({ version: 3, state_type: 'cursor_based' })
    })
  }

  it('keeps the cursor if other tables are written meanwhile', async () => {
    await using table = await CursorTable.create()
    await table.commit(table.insert(1, 1))
    await table.sync()
    await table.commit('CREATE TABLE other AS SELECT 1 AS a')
    expect(await table.sync()).to.deep.equal([])
    expect(table.consumer.stateOf('t')).to.have.property('cursors').that.deep.equals({ changed: 1 })
  })

  it('keeps the cursor if all rows were deleted', async () => {
    await using table = await CursorTable.create()
    await table.commit(`${table.insert(1, 1)}; ${table.insert(2, 2)}`)
    await table.sync()
    await table.commit('DELETE FROM t')
    expect(await table.sync()).to.deep.equal([])
    expect(table.consumer.stateOf('t')).to.have.property('cursors').that.deep.equals({ changed: 2 })
    await table.commit(table.insert(3, 3))
    expect(await table.sync()).to.deep.equal([3])
  })
})

describe('an empty table', () => {
  it('returns its first rows in the second sync', async () => {
    await using table = await CursorTable.create()
    expect(await table.sync()).to.deep.equal([])
    await table.commit(`${table.insert(1, 1)}; ${table.insert(2, 2)}`)
    expect(distinct(await table.sync())).to.deep.equal([1, 2])
    expect(await table.sync()).to.deep.equal([])
  })
})

describe('rows without a cursor value', () => {
  it('are read by the first load, and later a WARN has their number', async () => {
    await using table = await CursorTable.create()
    await table.commit(`INSERT INTO t VALUES (1, 1), (2, NULL), (3, NULL), (4, NULL)`)
    expect(await table.sync()).to.have.members([1, 2, 3, 4])
    const later = await table.consumer.sync()
    expect(idsOf(later.messages)).to.deep.equal([])
    const found = warningsOf(later).filter((message) => /\b3 rows\b.*'changed'/.test(message))
    expect(found, warningsOf(later).join('\n')).to.have.length(1)
  })

  it('only → are read by the first load, and one that gets a value is found', async () => {
    await using table = await CursorTable.create()
    await table.commit(`INSERT INTO t VALUES (1, NULL), (2, NULL)`)
    expect(await table.sync()).to.have.members([1, 2])
    await table.commit('UPDATE t SET changed = 5 WHERE id = 1')
    expect(await table.sync()).to.include(1)
  })
})
