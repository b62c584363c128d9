import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

/** The settings of a user, with the transactions that last wrote them. */
const SETTINGS_SQL = `
SELECT 'publication' AS what, p.oid, p.xmin, to_jsonb(p)::text AS settings FROM pg_publication AS p
UNION ALL SELECT 'entry', r.oid, r.xmin, to_jsonb(r)::text FROM pg_publication_rel AS r
UNION ALL SELECT 'table', c.oid, c.xmin, c.relreplident::text FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT 'attribute', a.attrelid, a.xmin, a.attname::text FROM pg_attribute AS a
  JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace
ORDER BY 1, 2, 4`

describe('a publication that leaves out a selected table, a key and an operation', () => {
  it('is not altered by check, discover and syncs', async () => {
    await using cdc = await CdcDatabase.create(
      'CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int); INSERT INTO a VALUES (1)',
      { publication: "FOR TABLE a, c WITH (publish = 'insert, update')" },
    )
    const slot = `SELECT plugin, slot_type, datoid FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`
    const before = [await cdc.sql(SETTINGS_SQL), await cdc.sql(slot)]
    await using connector = await withConnector(cdc.config())
    await connector.check()
    await connector.discover()
    const first = await sync(cdc)
    await cdc.sql('INSERT INTO a VALUES (2)')
    lastState(await sync(cdc, { state: lastState(first) }))
    const { catalog } = await connector.discover()
    const [stream] = catalog!.streams.filter(({ name }) => name === 'b')
    const selected = { stream, sync_mode: 'incremental', destination_sync_mode: 'append_dedup' }
    const { errors } = await connector.read({ catalog: { streams: [selected] } })
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect([await cdc.sql(SETTINGS_SQL), await cdc.sql(slot)]).to.deep.equal(before)
  })
})
