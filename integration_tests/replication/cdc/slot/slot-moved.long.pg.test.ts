import { expect } from 'chai'
import type { RecordMessage, TraceMessage } from '../../../helpers/messages.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold } from '../fold.ts'
import { incrementalCatalog } from '../sync.ts'

/** More than the buffers between the server and the consumer can hold. */
const ROWS = 300_000

interface Outcome {
  readonly code: number | null
  readonly records: readonly RecordMessage[]
  readonly errors: readonly NonNullable<TraceMessage['error']>[]
}

/**
 * Runs a first sync whose slot is created again during the load, after a change that the new slot
 * does not have.
 */
async function readWhileSlotMoves(cdc: CdcDatabase, method: object): Promise<Outcome> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config({ ...method }))
  await using run = await connector.startRead({ catalog })
  const records: RecordMessage[] = []
  const errors: NonNullable<TraceMessage['error']>[] = []
  const take = async (count: number): Promise<void> => {
    for await (const { record, trace } of run.messages()) {
      if (record !== undefined) records.push(record)
      if (trace?.error !== undefined) errors.push(trace.error)
      if (records.length === count) return
    }
  }
  await take(1)
  await cdc.dropSlot()
  await cdc.sql("INSERT INTO t VALUES (-1, 'between'); DELETE FROM t WHERE id = 2")
  await cdc.createSlot()
  await take(Infinity)
  return { code: (await run.ended).code, records, errors }
}

describe('a slot that is created again while the snapshot is read', () => {
  const table = `CREATE TABLE t (id int PRIMARY KEY, v text);
    INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, ${ROWS}) AS i;`

  it('ends the sync, because changes in between are lost', async () => {
    await using cdc = await CdcDatabase.create(table)
    const { code, errors } = await readWhileSlotMoves(cdc, {})
    expect(code).to.equal(1)
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect(errors[0]?.message).to.include('has advanced beyond the saved state')
  })

  it('makes the next attempt read all streams from the start, with "Re-sync data"', async () => {
    await using cdc = await CdcDatabase.create(table)
    const method = { invalid_cdc_cursor_position_behavior: 'Re-sync data' }
    const { code, records } = await readWhileSlotMoves(cdc, method)
    expect(code).to.equal(0)
    const [count] = await cdc.sql('SELECT count(*) AS n FROM t')
    const ids = new Set(fold(records, 't').map(({ id }) => id))
    // The key that was deleted in between is kept until the destination is cleared
    expect([ids.has(-1), ids.size]).to.deep.equal([true, Number(count?.['n']) + 1])
  })
})
