import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY)'

describe('a publication for which the server rejects UPDATE', () => {
  if (requestedMajor() < 15) return

  const table = 'CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1);'
  const parts = `CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
    CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9); INSERT INTO parts VALUES (1, 1);`
  const filter = 'whose row filter uses columns that are not in the replica identity'
  const list = 'whose column list does not cover the replica identity'
  for (const [name, sql, publication, updated, what] of [
    ['a row filter beyond the key', table, 'FOR TABLE t WHERE (n > 0)', 't', filter],
    [
      'a row filter of a partitioned table',
      parts,
      'FOR TABLE parts WHERE (n > 0) WITH (publish_via_partition_root)',
      'part',
      filter,
    ],
    ['a column list without the key', table, 'FOR TABLE t (n)', 't', list],
    [
      'a column list under FULL',
      `${table} ALTER TABLE t REPLICA IDENTITY FULL`,
      'FOR TABLE t (id, n)',
      't',
      list,
    ],
    ['a row filter on the key', table, 'FOR TABLE t (id, n) WHERE (id > 0)', 't', null],
    [
      'a row filter under FULL',
      `${table} ALTER TABLE t REPLICA IDENTITY FULL`,
      'FOR TABLE t WHERE (n > 0)',
      't',
      null,
    ],
  ] as const) {
    it(`${name}: check warns exactly if UPDATE fails`, async () => {
      await using cdc = await CdcDatabase.create(`${sql}; ${TABLE}`, {
        publication: publication.replace('FOR TABLE ', 'FOR TABLE users, '),
      })
      await using connector = await withConnector(cdc.config())
      const { logs } = await connector.check()
      const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
      const failure = await cdc.sql(`UPDATE ${updated} SET n = 2`).catch((error: unknown) => error)
      if (what === null) {
        expect([warnings, failure]).to.deep.equal([[], []])
        return
      }
      expect(failure).to.have.property('code', '42P10')
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.include(
        `UPDATE and DELETE fail for all clients on published tables ${what}: "public"."${updated}".`,
      )
    })
  }
})
