import { expect } from 'chai'
import { TestDatabase } from '../helpers/database.ts'
import { discover } from './discover.ts'
import { TestRole } from './test-role.ts'
import { createMany } from '../helpers/create-many.ts'

describe('readRelations, many relations', () => {
  it('uses the same number of queries for 200 schemas and for one table', async () => {
    await using db = await TestDatabase.create()
    const schemas = Array.from({ length: 200 }, (_, index) => `schema ${index}`)
    await db.sql(
      schemas.map((s) => `CREATE SCHEMA "${s}"; CREATE TABLE "${s}".t (a int, b text[])`).join(';'),
    )
    const many = await discover(db, { schemas })
    const one = await discover(db, { schemas: ['schema 1'] })
    expect(many.relations).to.have.length(200)
    expect(one.relations).to.have.length(1)
    expect([many.queries, one.queries]).to.deep.equal([2, 2])
  })

  it('reads 10,000 tables, 1,000 of them partitions, with two queries', async function () {
    this.timeout(300_000)
    await using db = await TestDatabase.create()
    await using role = await TestRole.create(db)
    await db.sql(
      `CREATE TABLE p (id bigint, a text) PARTITION BY LIST (id);
       ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role.name}`,
    )
    await createMany(db, 1000, "'CREATE TABLE p%s PARTITION OF p FOR VALUES IN (%s)', i, i")
    await createMany(
      db,
      9000,
      `'CREATE TABLE t%s (id bigint PRIMARY KEY, a text, b int, c numeric(10,2), d timestamptz,
        e date, f jsonb, g uuid, h text[], i boolean)', i`,
    )
    await db.sql(`REVOKE SELECT ON t1 FROM ${role.name}; GRANT SELECT (a) ON t1 TO ${role.name}`)
    const started = performance.now()
    const { relations, queries } = await discover(db, {}, role.name)
    const tookMs = performance.now() - started
    expect(relations).to.have.length(10_000)
    expect(queries).to.equal(2)
    if (this.test) this.test.title += ` (${Math.round(tookMs)} ms)`
  })
})
