import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { LoginRole } from '../helpers/login-role.ts'

const SCHEMAS = `
CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
CREATE SCHEMA "A b"; CREATE TABLE "A b".t (id int PRIMARY KEY); INSERT INTO "A b".t VALUES (2);
CREATE SCHEMA catalog_history; CREATE TABLE catalog_history.h (id int);
CREATE SCHEMA closed; CREATE TABLE closed.c (id int)`

describe('an empty list of schemas', () => {
  let db: TestDatabase
  let role: LoginRole

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(SCHEMAS)
    role = await LoginRole.create(db)
    await db.sql(`
      GRANT USAGE ON SCHEMA public, "A b", catalog_history TO ${role.name};
      GRANT SELECT ON t, "A b".t, catalog_history.h, closed.c TO ${role.name}`)
  })

  after(async () => {
    await role[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  for (const schemas of [[], [''], [null]]) {
    it(`${JSON.stringify(schemas)} → streams of all schemas that the role may use`, async () => {
      await using connector = await withConnector({ ...role.config(), schemas })
      const { streams } = await connector.catalog()
      const names = streams.map(({ namespace, name }) => `${namespace}.${name}`)
      expect(names).to.deep.equal(['A b.t', 'public.t'])
      expect((await connector.check()).connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
      const { records } = await connector.read()
      expect(records.map(({ namespace, data }) => [namespace, data['id']])).to.deep.equal([
        ['A b', 2],
        ['public', 1],
      ])
    })
  }

  it('gives a stream without a namespace the schema public, like the query', async () => {
    const config = { ...role.config(), schemas: [], query: 'SELECT id FROM t' }
    await using connector = await withConnector(config)
    const streams = ['t', 'query'].map((name) => ({
      stream: { name, json_schema: {} },
      sync_mode: 'full_refresh',
      destination_sync_mode: 'append',
    }))
    const { records } = await connector.read({ catalog: { streams } })
    expect(records.map(({ namespace, data }) => [namespace, data['id']])).to.deep.equal([
      ['public', 1],
      ['public', 1],
    ])
  })

  it('without a schema that the role may use → the missing grants', async () => {
    await using other = await TestDatabase.create()
    await other.sql('REVOKE USAGE ON SCHEMA public FROM PUBLIC; CREATE TABLE t (id int)')
    await using reader = await LoginRole.create(other)
    await using connector = await withConnector({ ...reader.config(), schemas: [] })
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.message).to.include('GRANT USAGE ON SCHEMA "public"')
  })
})
