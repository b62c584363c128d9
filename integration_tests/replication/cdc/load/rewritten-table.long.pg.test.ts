import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage, StateMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const ROWS = 1000
const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT i, repeat('x', 200) FROM generate_series(1, ${ROWS}) AS i;`

/** Reads a part of the first load and kills the sync. */
async function loadPart(
  cdc: CdcDatabase,
): Promise<{ readonly records: readonly RecordMessage[]; readonly state: StateMessage }> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config({}, { batch_size: 10 }))
  await using run = await connector.startRead({ catalog })
  const records: RecordMessage[] = []
  for await (const { record, state } of run.messages()) {
    if (record !== undefined) records.push(record)
    if (state !== undefined) return { records, state }
  }
  throw new Error('the sync ended without a state')
}

describe('a table that is rewritten after a part of its first load', () => {
  it('has no rows in the destination that were deleted in between', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const part = await loadPart(cdc)
    expect(part.records.length).to.be.within(1, ROWS - 1)
    await cdc.sql('DELETE FROM users WHERE id <= 3')
    await cdc.sql("UPDATE users SET name = 'new' WHERE id = 4")
    await cdc.sql('VACUUM FULL users')
    const rest = await sync(cdc, { state: part.state })
    lastState(rest)
    expect(rest.logs.some(({ message }) => message.includes('was rewritten'))).to.equal(true)
    const rows = await cdc.sql('SELECT id, name FROM users')
    const expected = rows.map(({ id, name }) => ({ id: Number(id), name }))
    const folded = fold([...part.records, ...rest.records], 'users').map(valuesOf)
    expect(folded).to.have.deep.members(expected)
  })
})
