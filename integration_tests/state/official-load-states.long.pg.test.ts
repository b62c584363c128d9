import { expect } from 'chai'
import { Consumer, distinct, idsOf, logsOf, range } from '../helpers/consumer.ts'
import type { CursorTable } from '../replication/cursor/cursor-table.ts'
import { filledTable, give, ROWS, SAVED, V3 } from './official-table.ts'

/** A ctid within a page; the row at it has been read. */
const CTID = '(20,7)'

const V2 = { version: 2, stream_name: 't', stream_namespace: 'public' }

async function numberOf(table: CursorTable, sql: string): Promise<number> {
  const [row] = await table.database.sql(`SELECT (${sql}) AS n`)
  return Number(row?.['n'])
}

async function filenodeOf(table: CursorTable): Promise<number> {
  return await numberOf(table, `pg_relation_filenode('t')`)
}

async function idsBehind(table: CursorTable, ctid: string): Promise<number[]> {
  const rows = await table.database.sql(`SELECT id FROM t WHERE ctid > '${ctid}' ORDER BY id`)
  return rows.map(({ id }) => Number(id))
}

describe('a ctid state of the official connector, within the first load by cursor', () => {
  for (const [version, makeState] of [
    [
      '3',
      (filenode: number) => ({
        ...V3,
        state_type: 'ctid_based',
        ctid: CTID,
        relation_filenode: filenode,
        cursors: { changed: SAVED },
      }),
    ],
    [
      '2',
      (filenode: number) => ({
        version: 2,
        state_type: 'ctid',
        ctid: CTID,
        relation_filenode: filenode,
        incremental_state: {
          ...V2,
          state_type: 'cursor_based',
          cursor_field: ['changed'],
          cursor: `${SAVED}`,
          cursor_record_count: 1,
        },
      }),
    ],
  ] as const) {
    it(`of version ${version} is resumed after its row, then above its upper bound`, async () => {
      await using table = await filledTable()
      give(table.consumer, makeState(await filenodeOf(table)))
      const behind = await idsBehind(table, CTID)
      await table.commit(`UPDATE t SET changed = 9000 WHERE id = 3; ${table.insert(9001, 9001)}`)
      const ids = [...(await table.sync()), ...(await table.sync())]
      expect(ids).to.include.members([...behind, 3, 9001])
      const early = ids.filter((id) => id !== 3 && id < (behind[0] ?? 0))
      expect(early, 'rows that had been read').to.deep.equal([])
      expect(table.consumer.stateOf('t')).to.deep.include({
        state_type: 'cursor_based',
        cursors: { changed: 9001 },
      })
      expect(await table.sync()).to.deep.equal([])
    })

    it(`of version ${version} with another filenode → a WARN and everything`, async () => {
      await using table = await filledTable()
      give(table.consumer, makeState(1))
      const attempt = await table.consumer.sync()
      expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
      expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
    })
  }
})

describe('a ctid state of the official connector, of a full refresh', () => {
  for (const [version, makeState] of [
    ['3', { ...V3, state_type: 'ctid_based', cursors: {} }],
    ['2', { version: 2, state_type: 'ctid', incremental_state: {} }],
    ['2 with null', { version: 2, state_type: 'ctid', incremental_state: null }],
    ['2 without more', { version: 2, state_type: 'ctid' }],
  ] as const) {
    it(`of version ${version} is resumed after its row`, async () => {
      await using table = await filledTable()
      await using consumer = await Consumer.create(table.database, [{ name: 't' }])
      const filenode = await filenodeOf(table)
      give(consumer, { ...makeState, ctid: CTID, relation_filenode: filenode })
      const behind = await idsBehind(table, CTID)
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal(behind)
    })
  }

  it('that is complete is not read again', async () => {
    await using table = await filledTable()
    await using consumer = await Consumer.create(table.database, [{ name: 't' }])
    give(consumer, { ...V3, state_type: 'ctid_based', cursors: {} })
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
  })
})

describe('an xmin state of the official connector', () => {
  const config = { replication_method: { method: 'Xmin' } }
  for (const [version, makeState] of [
    ['3', (xid: number) => ({ ...V3, state_type: 'xmin_based', cursors: {}, xmin: xid })],
    [
      '2',
      (xid: number) => ({
        version: 2,
        state_type: 'xmin',
        num_wraparound: 0,
        xmin_xid_value: xid,
        xmin_raw_value: xid,
      }),
    ],
  ] as const) {
    it(`of version ${version} is resumed at its position`, async () => {
      await using table = await filledTable(config, false)
      const xid = await numberOf(table, 'txid_snapshot_xmin(txid_current_snapshot())')
      give(table.consumer, makeState(xid))
      await table.commit(`${table.insert(9001, 1)}; UPDATE t SET note = 'n' WHERE id = 5`)
      expect(await table.sync()).to.have.members([5, 9001])
      expect(await table.sync()).to.deep.equal([])
    })

    it(`of version ${version} is resumed after its row in the first load`, async () => {
      await using table = await filledTable(config, false)
      const xid = await numberOf(table, 'txid_snapshot_xmin(txid_current_snapshot())')
      const behind = await idsBehind(table, CTID)
      const place = { ctid: CTID, relation_filenode: await filenodeOf(table) }
      const xmin = makeState(xid)
      give(
        table.consumer,
        version === '3'
          ? { ...xmin, ...place, state_type: 'ctid_based' }
          : { version: 2, state_type: 'ctid', ...place, incremental_state: xmin },
      )
      await table.commit(`${table.insert(9001, 1)}; UPDATE t SET note = 'n' WHERE id = 5`)
      const ids = [...(await table.sync()), ...(await table.sync())]
      expect(ids).to.include.members([...behind, 5, 9001])
      const early = ids.filter((id) => id !== 5 && id < (behind[0] ?? 0))
      expect(early, 'rows that had been read').to.deep.equal([])
    })
  }
})
