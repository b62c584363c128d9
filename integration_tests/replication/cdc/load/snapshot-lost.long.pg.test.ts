import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, sync } from '../sync.ts'

/** More than the buffers between the server and a consumer that reads nothing hold. */
const ROWS = 60_000
const TABLES = `
CREATE TABLE a (id int PRIMARY KEY, v text);
INSERT INTO a SELECT i, repeat('x', 300) FROM generate_series(1, ${ROWS}) AS i;
CREATE TABLE b (id int PRIMARY KEY, v text);
INSERT INTO b SELECT i, 'b' FROM generate_series(1, 100) AS i;`

describe('a first load whose exported snapshot is lost', () => {
  it('because its holder is terminated: continues in a new snapshot, in the same run', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const config = cdc.config({}, { application_name: cdc.db.name, batch_size: 1000 })
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(config)
    await using run = await connector.startRead({ catalog })
    const records: RecordMessage[] = []
    const warnings: string[] = []
    let state: unknown
    for await (const { record, log, state: reached } of run.messages()) {
      if (log?.level === 'WARN') warnings.push(log.message)
      if (reached !== undefined) state = reached
      if (record === undefined || records.push(record) !== 1) continue
      const ended = await cdc.sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = '${cdc.db.name}' AND query ~ 'pg_export_snapshot'`,
      )
      expect(ended).to.have.length(1)
      // Only the log has these, or the next snapshot
      await cdc.sql("UPDATE b SET v = 'changed' WHERE id = 7; DELETE FROM a WHERE id = 9")
    }
    const { code, stderr } = await run.ended
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(warnings.filter((text) => text.startsWith('The read was interrupted'))).to.have.length(1)
    expect(warnings.join()).to.include(
      'The connection that holds the snapshot was lost. Run the sync again.',
    )
    const expected = { a: ROWS - 1, b: 100 }
    for (const [stream, count] of Object.entries(expected)) {
      const rows = await cdc.sql(`SELECT * FROM ${stream}`)
      const lines = rows.map((row) => JSON.stringify({ ...row, id: Number(row['id']) }))
      const folded = fold(records, stream).map((data) => JSON.stringify(valuesOf(data)))
      expect(folded).to.have.length(count)
      expect(folded.toSorted()).to.deep.equal(lines.toSorted())
    }
    expect((await sync(cdc, { state })).records).to.deep.equal([])
  })
})
