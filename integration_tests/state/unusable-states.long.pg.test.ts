import { expect } from 'chai'
import { distinct, errorsOf, idsOf, logsOf, range } from '../helpers/consumer.ts'
import { CursorTable } from '../replication/cursor/cursor-table.ts'
import { filledTable, give, ROWS, SAVED, V3 } from './official-table.ts'

const XMIN = { replication_method: { method: 'Xmin' } }

/** State of the cursor `id` within a load of version 2. */
const V2_OF_ID = {
  version: 2,
  state_type: 'cursor_based',
  stream_name: 't',
  stream_namespace: 'public',
  cursor_field: ['id'],
  cursor: '5',
}

describe('a state that cannot be resumed', () => {
  for (const [what, state] of [
    ['the cursor of another column', { cursors: { id: 5 }, state_type: 'cursor_based' }],
    ['a value of another type', { cursors: { changed: 'yesterday' }, state_type: 'cursor_based' }],
    ['two cursors', { cursors: { changed: SAVED, id: 5 }, state_type: 'cursor_based' }],
    ['the end of a full refresh', { cursors: {}, state_type: 'ctid_based' }],
    [
      'a mark of another type',
      {
        cursors: { changed: SAVED },
        state_type: 'cursor_based',
        marks: [{ value: 'yesterday', at: 1 }],
        horizon: { xmin: '1', xids: [], at: 1 },
      },
    ],
    [
      'a damaged horizon',
      {
        cursors: { changed: SAVED },
        state_type: 'cursor_based',
        horizon: { xmin: '1', xids: ["2')"], at: 1 },
      },
    ],
    [
      'a damaged position',
      {
        ctid: '(99999999999,1)',
        relation_filenode: 5,
        state_type: 'ctid_based',
        cursors: { changed: SAVED },
      },
    ],
    ['an unknown type of state', { cursors: { changed: SAVED }, state_type: 'constructor' }],
    ['the xmin method', { cursors: {}, state_type: 'xmin_based', xmin: 5 }],
  ] as const) {
    it(`${what} → a WARN, and the stream is read from the start`, async () => {
      await using table = await filledTable()
      give(table.consumer, { ...V3, ...state })
      const attempt = await table.consumer.sync()
      expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
      expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
      expect(await table.sync()).to.deep.equal([])
    })
  }

  for (const [what, rest, config] of [
    ['another cursor', { cursors: { id: 5 } }, {}],
    ['another cursor, version 2', { incremental_state: V2_OF_ID, version: 2 }, {}],
    ['the xmin method', { cursors: {}, xmin: 5 }, {}],
    ['a cursor, by xmin', { cursors: { changed: SAVED } }, XMIN],
    ['a full refresh, by xmin', { cursors: {} }, XMIN],
  ] as const) {
    it(`the load of ${what}, half finished → one WARN, and the table is not read twice`, async () => {
      await using table = await filledTable(config, config !== XMIN)
      const [file] = await table.database.sql(`SELECT pg_relation_filenode('t') AS node`)
      const position = { ctid: '(20,7)', relation_filenode: Number(file?.['node']) }
      give(table.consumer, { ...V3, state_type: 'ctid_based', ...position, ...rest })
      const attempt = await table.consumer.sync()
      expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
      expect(logsOf(attempt, 'WARN')).to.have.length(1)
      expect(await table.sync()).to.deep.equal([])
    })
  }

  it('the cursor method, by xmin → a WARN, and the stream is read from the start', async () => {
    await using table = await filledTable(XMIN, false)
    give(table.consumer, { ...V3, state_type: 'cursor_based', cursors: { changed: SAVED } })
    const attempt = await table.consumer.sync()
    expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
    expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
  })

  it('the empty string is a value of version 3, from which the sync resumes', async () => {
    await using table = await CursorTable.create({
      create: 'CREATE TABLE t (id bigint, changed text, note text)',
    })
    await table.commit("INSERT INTO t VALUES (1, '', NULL)")
    expect(await table.sync()).to.deep.equal([1])
    await table.commit("INSERT INTO t VALUES (2, 'a', NULL)")
    expect(await table.sync()).to.deep.equal([2])
  })

  it('an error in a view is not treated as one of the saved value', async () => {
    const view = `CREATE VIEW v AS SELECT id, 1000 / note::int AS changed, note FROM t`
    await using table = await CursorTable.create({
      create: `CREATE TABLE t (id bigint, note text); ${view}`,
      stream: 'v',
    })
    await table.commit("INSERT INTO t VALUES (1, '10')")
    await table.sync()
    const saved = table.consumer.states
    for (const note of ['0', 'x']) {
      await table.commit(`INSERT INTO t VALUES (2, '${note}')`)
      const attempt = await table.consumer.attempt()
      expect(errorsOf(attempt)).to.have.length(1)
      expect(logsOf(attempt, 'WARN')).to.deep.equal([])
      expect(table.consumer.states).to.deep.equal(saved)
      await table.commit(`DELETE FROM t WHERE id = 2`)
    }
    expect(await table.sync()).to.deep.equal([])
  })

  it('of version 3 without a cursor, like that of an empty table → the stream is read from the start', async () => {
    await using table = await filledTable()
    give(table.consumer, { ...V3, state_type: 'cursor_based', cursors: {} })
    expect(await table.sync()).to.have.members(range(1, ROWS))
  })

  it('{} → a first sync without a warning', async () => {
    await using table = await filledTable()
    give(table.consumer, {})
    const attempt = await table.consumer.sync()
    expect(idsOf(attempt.messages)).to.have.length(ROWS)
    expect(logsOf(attempt, 'WARN')).to.deep.equal([])
  })
})
