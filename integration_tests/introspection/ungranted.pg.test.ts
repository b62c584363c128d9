import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { createMany } from '../helpers/create-many.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'

interface Found {
  readonly streams: readonly string[]
  readonly logs: readonly string[]
}

async function discover(config: Record<string, unknown>): Promise<Found> {
  await using connector = await withConnector(config)
  const { code, catalog, logs } = await connector.discover()
  expect(code).to.equal(0)
  return {
    streams: (catalog?.streams ?? []).map(({ namespace, name }) => `${namespace}.${name}`),
    logs: logs.map(({ level, message }) => `${level} ${message}`),
  }
}

describe('discover, relations that the role may not read', () => {
  it('logs their names and statements that make them readable', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`
      CREATE TABLE shared (id int); GRANT SELECT ON shared TO ${role.name};
      CREATE TABLE "O ""x" (id int);
      CREATE TABLE partly (a int, b int); GRANT SELECT (a) ON partly TO ${role.name};
      CREATE SCHEMA closed; CREATE VIEW closed.v AS SELECT 1 AS a;
      GRANT SELECT ON closed.v TO ${role.name}`)
    const config = role.config({ schemas: ['public', 'closed'] })
    const { streams, logs } = await discover(config)
    expect(streams).to.deep.equal(['public.partly', 'public.shared'])
    expect(logs).to.deep.equal([
      `INFO 2 tables and views that user '${role.name}' may not read are left out: ` +
        `'closed.v', 'public.O "x'. To include all, run ` +
        `GRANT USAGE ON SCHEMA "closed" TO "${role.name}" and ` +
        `GRANT SELECT ON "closed"."v", "public"."O ""x" TO "${role.name}".`,
    ])
    const grants = /run (GRANT .*)\.$/.exec(logs[0]!)![1]!
    await db.sql(grants.replace(' and GRANT', '; GRANT'))
    const after = await discover(config)
    expect(after.logs).to.deep.equal([])
    expect(after.streams).to.have.members([...streams, 'closed.v', 'public.O "x'])
  })

  it('does not count partitions, system relations, other schemas and other tables', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`
      CREATE TABLE root (id int) PARTITION BY LIST (id); GRANT SELECT ON root TO ${role.name};
      CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1);
      CREATE TABLE pg_stat_statements (id int); CREATE SEQUENCE s;
      CREATE SCHEMA other; CREATE TABLE other.t (id int)`)
    expect((await discover(role.config())).logs).to.deep.equal([])
    expect((await discover(role.config({ schemas: [] }))).logs).to.deep.equal([])
    await db.sql('CREATE TABLE secret (id int)')
    expect((await discover(role.config({ table: 'root' }))).logs).to.deep.equal([])
    expect((await discover(role.config({ check_privileges: false }))).logs).to.deep.equal([])
    expect((await discover(role.config())).logs).to.have.length(1)
  })

  it('logs the number of many, and statements for their schemas', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`CREATE TABLE shared (id int); GRANT SELECT ON shared TO ${role.name}`)
    await createMany(db, 101, "'CREATE TABLE t%s (id int)', i")
    const { logs } = await discover(role.config())
    expect(logs).to.have.length(1)
    expect(logs[0]).to.match(/^INFO 101 tables and views .*'public\.t1', .* and 81 more\. /)
    expect(logs[0]).to.match(/, run GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "\w+"\.$/)
  })
})
