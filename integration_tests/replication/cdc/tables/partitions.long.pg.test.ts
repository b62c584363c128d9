import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { lastState, sync } from '../sync.ts'

const ROOTS = `
CREATE TABLE t (id int, a int, PRIMARY KEY (id)) PARTITION BY LIST (id);
CREATE TABLE middle PARTITION OF t FOR VALUES IN (1, 2, 10) PARTITION BY LIST (id);
CREATE TABLE leaf_1 PARTITION OF middle FOR VALUES IN (1, 10);
CREATE TABLE leaf_2 (a int, id int, PRIMARY KEY (id)); ALTER TABLE middle ATTACH PARTITION leaf_2 FOR VALUES IN (2);
INSERT INTO t VALUES (1, 1), (2, 2);`
const CHANGES = `
UPDATE t SET a = 5 WHERE id = 1; UPDATE t SET id = 2 WHERE id = 10; DELETE FROM t WHERE id = 2; UPDATE t SET id = 2 WHERE id = 1;
CREATE TABLE leaf_3 PARTITION OF t FOR VALUES IN (3); INSERT INTO t VALUES (3, 3);`

const MODES = requestedMajor() < 13 ? [''] : ['', ' WITH (publish_via_partition_root = true)']

describe('partitioned tables in CDC mode', () => {
  for (const mode of MODES) {
    it(`reads the root, with moved rows and a new partition${mode}`, async () => {
      await using cdc = await CdcDatabase.create(ROOTS, { publication: `FOR ALL TABLES${mode}` })
      const first = await sync(cdc, { streams: ['t'] })
      const state = lastState(first)
      await cdc.sql(CHANGES)
      const second = await sync(cdc, { streams: ['t'], state })
      lastState(second)
      const rows = await cdc.sql('SELECT id::int, a FROM t ORDER BY id')
      const folded = fold([...first.records, ...second.records], 't').map(valuesOf)
      expect(folded.toSorted((a, b) => Number(a['id']) - Number(b['id']))).to.deep.equal(
        rows.map(({ id, a }) => ({ id: Number(id), a: Number(a) })),
      )
    })
  }

  it('reads leaves and a partitioned partition as separate streams', async () => {
    await using cdc = await CdcDatabase.create(ROOTS)
    const streams = ['leaf_1', 'leaf_2', 'middle']
    const first = await sync(cdc, { streams })
    const state = lastState(first)
    await cdc.sql(`UPDATE t SET a = 5; UPDATE t SET id = 10 WHERE id = 1`)
    const second = await sync(cdc, { streams, state })
    lastState(second)
    const all = [...first.records, ...second.records]
    for (const stream of streams) {
      const rows = await cdc.sql(`SELECT id, a FROM ${stream}`)
      expect(fold(all, stream).map(valuesOf), stream).to.have.deep.members(
        rows.map(({ id, a }) => ({ id: Number(id), a: Number(a) })),
      )
    }
  })

  it('reads a partition that is attached while its changes wait to be read', async () => {
    await using cdc = await CdcDatabase.create(ROOTS)
    const state = lastState(await sync(cdc, { streams: ['t'] }))
    await cdc.sql('INSERT INTO t VALUES (10, 1)')
    await cdc.sql(
      'CREATE TABLE leaf_4 (a int, id int PRIMARY KEY); ALTER TABLE t ATTACH PARTITION leaf_4 FOR VALUES IN (4)',
    )
    await cdc.sql('INSERT INTO t VALUES (4, 7); UPDATE t SET a = 8 WHERE id = 4')
    const { records } = await sync(cdc, { streams: ['t'], state })
    expect(records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 10, a: 1 },
      { id: 4, a: 7 },
      { id: 4, a: 8 },
    ])
  })

  it('reads partitions that are detached and attached while the sync runs', async () => {
    await using cdc = await CdcDatabase.create(`${ROOTS}
      CREATE TABLE leaf_4 (a int, id int PRIMARY KEY);
      CREATE PROCEDURE alter_partitions() LANGUAGE sql AS $$
        ALTER TABLE middle DETACH PARTITION leaf_2;
        ALTER TABLE t ATTACH PARTITION leaf_4 FOR VALUES IN (4);
        INSERT INTO t VALUES (4, 4);
      $$;`)
    const state = lastState(await sync(cdc, { streams: ['t'] }))
    await cdc.sql('UPDATE t SET a = 9 WHERE id = 2')
    // It runs after the partitions are looked up, and before the log is read
    const method = { heartbeat_action_query: 'CALL alter_partitions()' }
    const first = await sync(cdc, { streams: ['t'], state, method })
    await cdc.sql('UPDATE t SET a = 5 WHERE id = 4; UPDATE leaf_2 SET a = 10')
    const second = await sync(cdc, { streams: ['t'], state: lastState(first) })
    lastState(second)
    const rows = [...first.records, ...second.records].map(({ data }) => valuesOf(data))
    expect(rows).to.deep.equal([
      { id: 2, a: 9 },
      { id: 4, a: 4 },
      { id: 4, a: 5 },
    ])
  })
})
