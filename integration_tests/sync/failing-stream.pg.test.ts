import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, type Json } from '../helpers/messages.ts'

/** A view that fails in its last row, and other tables. */
const STREAMS = `
  CREATE TABLE a_first (id int); INSERT INTO a_first VALUES (1);
  CREATE VIEW b_broken AS SELECT 1 / (3 - n) AS id FROM generate_series(1, 3) AS n;
  CREATE VIEW c_broken AS SELECT lo_get(0::oid) AS id;
  CREATE TABLE d_last (id int); INSERT INTO d_last VALUES (4);
  ANALYZE`

/**
 * With fewer than three connections, one transaction reads everything, and ends with the first
 * error.
 */
const SETUPS: readonly (readonly [string, Json])[] = [
  ['each stream on a connection of its own', {}],
  ['all streams on one connection', { max_connections: 2 }],
]

describe('a stream that fails', () => {
  for (const [name, config] of SETUPS) {
    it(`is INCOMPLETE with its own TRACE, and the others are still read: ${name}`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(STREAMS)
      await using connector = await withConnector(database.config(config))
      const catalog = configuredCatalog(await connector.catalog(), { syncMode: 'full_refresh' })
      const run = await connector.read({ catalog })
      expect(run.code).to.equal(1)
      expect(run.records.map(({ stream }) => stream)).to.include.members(['a_first', 'd_last'])
      expect(run.records.filter(({ stream }) => stream === 'd_last')).to.have.length(1)
      const ends = run.statuses.filter((status) => status.endsWith('COMPLETE'))
      expect(ends).to.have.members([
        'a_first: COMPLETE',
        'b_broken: INCOMPLETE',
        'c_broken: INCOMPLETE',
        'd_last: COMPLETE',
      ])
      const named = run.errors.map((error) => error.stream_descriptor?.name)
      expect(named).to.have.members(['b_broken', 'c_broken'])
      expect(run.errors.map((error) => error.failure_type)).to.not.include('transient_error')
    })
  }
})
