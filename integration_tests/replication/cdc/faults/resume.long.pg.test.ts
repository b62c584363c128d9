import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { Message, RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

/**
 * Enough rows that a consumer which stops at the first STATE stops the connector during the load.
 */
const BIG_ROWS = 20_000
const TABLES = `
CREATE TABLE accounts (id int PRIMARY KEY, name text);
INSERT INTO accounts SELECT n, 'old' FROM generate_series(1, 20) AS n;
CREATE TABLE big (id int PRIMARY KEY, name text);
INSERT INTO big SELECT n, repeat('x', 300) FROM generate_series(1, ${BIG_ROWS}) AS n;
CREATE TABLE clients (id int PRIMARY KEY, name text);
INSERT INTO clients SELECT n, 'old' FROM generate_series(1, 20) AS n;`

interface Part {
  readonly records: readonly RecordMessage[]
  readonly state: unknown
}

/** Returns the records before each STATE of a run. */
function partsOf(messages: readonly Message[]): readonly Part[] {
  const records: RecordMessage[] = []
  const parts: Part[] = []
  for (const { record, state } of messages) {
    if (record !== undefined) records.push(record)
    if (state !== undefined) parts.push({ records: [...records], state })
  }
  return parts
}

/** Sorted records of a stream. The rows of a resumed load have the time of another snapshot. */
function changesOf(records: readonly RecordMessage[], stream: string): readonly string[] {
  const ofStream = records.filter((record) => record.stream === stream)
  return ofStream
    .map(({ data }) => JSON.stringify({ ...data, _ab_cdc_updated_at: undefined }))
    .toSorted()
}

/** Transactions whose changes and commits are interleaved. */
async function changeAccounts(cdc: CdcDatabase): Promise<void> {
  await using first = await cdc.db.session()
  await using second = await cdc.db.session()
  for (let round = 0; round < 4; round++) {
    await first.sql(`BEGIN; UPDATE accounts SET name = 'round ${round}' WHERE id = 1`)
    await second.sql(`BEGIN; INSERT INTO accounts VALUES (${100 + round}, 'new')`)
    await first.sql(`DELETE FROM accounts WHERE id = ${10 + round}`)
    await second.sql('COMMIT')
    await first.sql('COMMIT')
  }
}

describe('a run with loads and changes of several streams', () => {
  it('has the same changes when it is resumed from any STATE', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const given = lastState(await sync(cdc, { streams: ['accounts'] }))
    await changeAccounts(cdc)
    await using open = await cdc.db.session()
    await open.sql(`BEGIN; UPDATE accounts SET name = 'late' WHERE id = 2;
      UPDATE clients SET name = 'late' WHERE id = 3; INSERT INTO clients VALUES (30, 'late')`)
    const config = { batch_size: 2000 }
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config({}, config))
    const messages: Message[] = []
    {
      await using running = await connector.startRead({ catalog, state: [given] })
      let isOpen = true
      for await (const message of running.messages()) {
        messages.push(message)
        if (message.state === undefined || !isOpen) continue
        await open.sql('COMMIT')
        isOpen = false
      }
      expect((await running.ended).code).to.equal(0)
    }
    const parts = partsOf(messages)
    expect(parts.length).to.be.above(8)
    const whole = parts.at(-1)!.records
    expect(changesOf(whole, 'accounts')).to.have.length(4 * 3 + 1)
    expect(changesOf(whole, 'big')).to.have.length(BIG_ROWS)
    const rows = await cdc.sql('SELECT id, name FROM clients')
    const clients = rows.map(({ id, name }) => ({ id: Number(id), name }))
    for (const [index, { records, state }] of parts.entries()) {
      const rest = await sync(cdc, { state, config })
      lastState(rest)
      const all = [...records, ...rest.records]
      for (const stream of ['accounts', 'big']) {
        const message = `${stream}, STATE ${index}`
        expect(changesOf(all, stream), message).to.deep.equal(changesOf(whole, stream))
      }
      const folded = fold(all, 'clients').map(valuesOf)
      expect(folded, `clients, STATE ${index}`).to.have.deep.members(clients)
    }
  })
})

describe('a load that is stopped and resumed', () => {
  it('has a row that has moved from a page that was not read to one that was', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const config = { batch_size: 2000 }
    const catalog = await incrementalCatalog(cdc, ['big'])
    await using connector = await withConnector(cdc.config({}, config))
    const records: RecordMessage[] = []
    let state: unknown
    {
      await using running = await connector.startRead({ catalog })
      for await (const message of running.messages()) {
        if (message.record !== undefined) records.push(message.record)
        if (message.state === undefined) continue
        if (state === undefined) running.process.kill('SIGTERM')
        state = message.state
      }
      await running.ended
    }
    expect(records.length).to.be.within(1, BIG_ROWS - 1000)
    await cdc.sql('DELETE FROM big WHERE id <= 500')
    await cdc.sql('VACUUM big')
    await cdc.sql(`UPDATE big SET name = repeat('y', 300) WHERE id > ${BIG_ROWS - 10}`)
    const moved = await cdc.sql(
      `SELECT id FROM big WHERE id > ${BIG_ROWS - 10} AND (ctid::text::point)[0] < 25`,
    )
    expect(moved).not.to.have.length(0)
    const rest = await sync(cdc, { streams: ['big'], state, config })
    lastState(rest)
    expect(rest.records.length).to.be.below(BIG_ROWS)
    const rows = await cdc.sql('SELECT id, name FROM big')
    const expected = rows.map(({ id, name }) => JSON.stringify({ id: Number(id), name }))
    const folded = fold([...records, ...rest.records], 'big').map(valuesOf)
    const lines = folded.map(({ id, name }) => JSON.stringify({ id, name }))
    expect(lines.toSorted()).to.deep.equal(expected.toSorted())
  })
})
