import { expect } from 'chai'
import type { Json } from '../helpers/messages.ts'
import { idsOf, logsOf, range } from '../helpers/consumer.ts'
import { CursorTable } from '../replication/cursor/cursor-table.ts'
import { filledTable, give, ROWS, SAVED, V3 } from './official-table.ts'

const V3_NULLS = { ctid: null, relation_filenode: null, xmin: null }
const V2 = { version: 2, stream_name: 't', stream_namespace: 'public' }
const BARE = { stream_name: 't', stream_namespace: 'public' }

/** Cursor states at row `SAVED` → the first row of the next sync. */
const CURSOR_STATES: readonly (readonly [string, Json, number])[] = [
  ['3', { ...V3, state_type: 'cursor_based', cursors: { changed: SAVED } }, SAVED],
  [
    '3 with nulls',
    { ...V3, ...V3_NULLS, state_type: 'cursor_based', cursors: { changed: SAVED } },
    SAVED,
  ],
  [
    '2 with the number of rows',
    {
      ...V2,
      state_type: 'cursor_based',
      cursor_field: ['changed'],
      cursor: `${SAVED}`,
      cursor_record_count: 1,
    },
    SAVED + 1,
  ],
  [
    '2 with another number of rows',
    {
      ...V2,
      state_type: 'cursor_based',
      cursor_field: ['changed'],
      cursor: `${SAVED}`,
      cursor_record_count: 3,
    },
    SAVED,
  ],
  [
    '2 without the number of rows',
    { ...V2, state_type: 'cursor_based', cursor_field: ['changed'], cursor: `${SAVED}` },
    SAVED,
  ],
  [
    'before versions, with the number of rows',
    { ...BARE, cursor_field: ['changed'], cursor: `${SAVED}`, cursor_record_count: 1 },
    SAVED + 1,
  ],
  [
    'before versions, without the number of rows',
    { ...BARE, cursor_field: ['changed'], cursor: `${SAVED}` },
    SAVED,
  ],
]

/** Type, text of the saved value in a state → SQL of that value and of the next higher one. */
const VALUE_FORMS: readonly (readonly [string, unknown, string, string])[] = [
  ['int', 42, '42', '43'],
  ['int', '42', '42', '43'],
  ['bigint', '9007199254740993', '9007199254740993', '9007199254740994'],
  ['numeric', '42.50', '42.5', '42.6'],
  ['numeric', 42.5, '42.5', '42.6'],
  ['double precision', 0.1, '0.1', '0.2'],
  ['text', 'k42', `'k42'`, `'k43'`],
  ['date', '2024-01-31', `'2024-01-31'`, `'2024-02-01'`],
  ['timestamp', '2024-01-31T10:00:00', `'2024-01-31 10:00:00'`, `'2024-01-31 10:00:00.000001'`],
  [
    'timestamp',
    '2024-01-31T10:00:00.123456',
    `'2024-01-31 10:00:00.123456'`,
    `'2024-01-31 10:00:00.123457'`,
  ],
  ['timestamptz', '2024-01-31T10:00:00Z', `'2024-01-31 10:00:00Z'`, `'2024-01-31 10:00:00.1Z'`],
  [
    'timestamptz',
    '2024-01-31T10:00:00.000000Z',
    `'2024-01-31 10:00:00Z'`,
    `'2024-01-31 10:00:00.1Z'`,
  ],
  [
    'timestamptz',
    '2024-01-31T12:00:00.000000 +02:00',
    `'2024-01-31 10:00:00Z'`,
    `'2024-01-31 10:00:00.1Z'`,
  ],
]

describe('a cursor state of the official connector', () => {
  for (const [version, state, first] of CURSOR_STATES) {
    it(`of version ${version} is resumed at its position`, async () => {
      await using table = await filledTable()
      give(table.consumer, state)
      expect(await table.sync()).to.deep.equal(range(first, ROWS))
      expect(table.consumer.stateOf('t')).to.deep.include({ cursors: { changed: ROWS } })
      expect(await table.sync()).to.deep.equal([])
    })
  }

  for (const [type, saved, value, next] of VALUE_FORMS) {
    for (const version of [2, 3]) {
      it(`of version ${version} may have ${JSON.stringify(saved)} as a value of type ${type}`, async () => {
        await using table = await CursorTable.create({
          create: `CREATE TABLE t (id bigint, changed ${type}, note text)`,
        })
        await table.commit(`INSERT INTO t VALUES (2, ${value}), (3, ${next})`)
        const old = { cursor_field: ['changed'], cursor: String(saved), cursor_record_count: 1 }
        const rest = version === 3 ? { ...V3, cursors: { changed: saved } } : { ...V2, ...old }
        give(table.consumer, { ...rest, state_type: 'cursor_based' })
        const attempt = await table.consumer.sync()
        expect(idsOf(attempt.messages)).to.deep.equal(version === 3 ? [2, 3] : [3])
        expect(logsOf(attempt, 'WARN')).to.deep.equal([])
      })
    }
  }

  it('may have an integer beyond 2^53, with all its digits', async () => {
    const config = { late_commit_window_seconds: 0 }
    await using table = await CursorTable.create({ config })
    await table.commit('INSERT INTO t VALUES (1, 9007199254740994), (2, 9007199254740995)')
    await table.commit('INSERT INTO t VALUES (3, 9007199254740996)')
    const state = `[{"type":"STREAM","stream":{"stream_descriptor":{"name":"t","namespace":"public"},
      "stream_state":{"version":3,"state_type":"cursor_based","stream_name":"","stream_namespace":"",
      "cursors":{"changed":9007199254740995}}}}]`
    const { catalog, connector } = table.consumer
    const { code, records } = await connector.read({ catalog, state })
    expect(code).to.equal(0)
    expect(records.map(({ data }) => data['id'])).to.deep.equal([2, 3])
  })
})
