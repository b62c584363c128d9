import { expect } from 'chai'
import { distinct, idsOf, logsOf, range } from '../helpers/consumer.ts'
import { filledTable, give, ROWS, SAVED, V3 } from './official-table.ts'

describe('a state that does not fit', () => {
  for (const [what, state] of [
    ['the cursor of another column', { cursors: { id: 5 }, state_type: 'cursor_based' }],
    ['a value of another type', { cursors: { changed: 'yesterday' }, state_type: 'cursor_based' }],
    ['two cursors', { cursors: { changed: SAVED, id: 5 }, state_type: 'cursor_based' }],
    ['the end of a full refresh', { cursors: {}, state_type: 'ctid_based' }],
    ['the xmin method', { cursors: {}, state_type: 'xmin_based', xmin: 5 }],
  ] as const) {
    it(`${what} → a WARN and a fresh start`, async () => {
      await using table = await filledTable()
      give(table.consumer, { ...V3, ...state })
      const attempt = await table.consumer.sync()
      expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
      expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
      expect(await table.sync()).to.deep.equal([])
    })
  }

  it('the cursor method, by xmin → a WARN and a fresh start', async () => {
    await using table = await filledTable({ replication_method: { method: 'Xmin' } }, false)
    give(table.consumer, { ...V3, state_type: 'cursor_based', cursors: { changed: SAVED } })
    const attempt = await table.consumer.sync()
    expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(1, ROWS))
    expect(logsOf(attempt, 'WARN')).not.to.deep.equal([])
  })

  it('of version 3 without a cursor, as of an empty table → a fresh start', async () => {
    await using table = await filledTable()
    give(table.consumer, { ...V3, state_type: 'cursor_based', cursors: {} })
    expect(await table.sync()).to.have.members(range(1, ROWS))
  })

  it('{} → a cold start without a warning', async () => {
    await using table = await filledTable()
    give(table.consumer, {})
    const attempt = await table.consumer.sync()
    expect(idsOf(attempt.messages)).to.have.length(ROWS)
    expect(logsOf(attempt, 'WARN')).to.deep.equal([])
  })
})
