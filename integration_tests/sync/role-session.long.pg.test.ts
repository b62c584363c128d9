import { expect } from 'chai'
import { ident } from '../../src/sql.ts'
import { withConnector } from '../helpers/connector.ts'
import { createMany } from '../helpers/create-many.ts'
import { TestDatabase } from '../helpers/database.ts'
import { makePathHostile } from '../helpers/hostile-schema.ts'
import { LoginRole } from '../helpers/login-role.ts'
import { configuredCatalog, type Json, recordsOf } from '../helpers/messages.ts'
import { type Row, Session } from '../helpers/session.ts'

/** Names that are only found if the search_path contains `rules`. */
const UNQUALIFIED = `
  CREATE SCHEMA app; CREATE SCHEMA rules; SET search_path = rules, app, public;
  CREATE TABLE rules.factors (factor int); INSERT INTO factors VALUES (3);
  CREATE FUNCTION rules.factor() RETURNS int LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN (SELECT max(f.factor) FROM factors AS f); END $$;
  CREATE FUNCTION rules.may_see(id int) RETURNS bool LANGUAGE plpgsql STABLE AS
    $$ BEGIN RETURN id < factor(); END $$;
  CREATE TABLE app.items (id int, kind regclass, made_by regproc, type regtype);
  INSERT INTO items VALUES (1, 'rules.factors', 'rules.factor', 'int4'), (2, 'app.items', 'factor', 'text'),
                           (5, 'pg_class', 'now', 'items');
  CREATE VIEW app.scaled AS SELECT id, id * factor() AS scaled FROM items;
  ALTER TABLE app.items ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON app.items USING (may_see(id))`

function grantAll(role: string): string {
  return `GRANT USAGE ON SCHEMA app, rules TO ${role};
          GRANT SELECT ON ALL TABLES IN SCHEMA app, rules TO ${role}`
}

/**
 * Output of a session of the role without the connector's settings, except TimeZone and similar
 * ones.
 */
async function readPlainly(db: TestDatabase, role: LoginRole, sql: string): Promise<Row[]> {
  const { server, name } = db
  const config = server.connectionConfig(name)
  await using session = await Session.open({ ...config, user: role.name, password: role.password })
  return await session.sql(sql)
}

/** Returns the records of all streams of a config, by stream; `check` must succeed, too. */
async function readAll(config: unknown, streams: readonly string[]): Promise<Json[][]> {
  await using connector = await withConnector(config)
  const { connectionStatus, stdout } = await connector.check()
  expect(connectionStatus?.status, stdout).to.equal('SUCCEEDED')
  const catalog = configuredCatalog(await connector.catalog(), { streams })
  const { messages, errors } = await connector.read({ catalog })
  expect(errors).to.deep.equal([])
  return streams.map((stream) => recordsOf(messages, stream))
}

function asText(records: readonly Json[]): Row[] {
  return records.map((record) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)])),
  )
}

describe("the role's own session", () => {
  for (const [where, alter] of [
    ['the role', (role: string) => `ALTER ROLE ${role} SET search_path = "$user", rules, public`],
    ['the database', (_: string, db: string) => `ALTER DATABASE ${db} SET search_path = rules`],
  ] as const) {
    it(`search_path of ${where}: views, policies and regclass are read like in psql`, async () => {
      await using db = await TestDatabase.create()
      await using role = await LoginRole.create(db)
      await db.sql(UNQUALIFIED)
      await db.sql(grantAll(ident(role.name)))
      await db.sql(alter(ident(role.name), ident(db.name)))
      const config = role.config({ schemas: ['app'] })
      const [items, scaled] = await readAll(config, ['items', 'scaled'])
      expect(asText(items!)).to.have.deep.members(
        await readPlainly(db, role, 'SELECT * FROM app.items'),
      )
      expect(items).to.have.length(2)
      expect(asText(scaled!)).to.have.deep.members(
        await readPlainly(db, role, 'SELECT * FROM app.scaled'),
      )
    })
  }

  it('search_path in options of jdbc_url_params: like in the role', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(UNQUALIFIED)
    await db.sql(grantAll(ident(role.name)))
    const jdbc_url_params = 'options=-c%20search_path=rules'
    const config = role.config({ schemas: ['app'], jdbc_url_params })
    const [items, scaled] = await readAll(config, ['items', 'scaled'])
    expect(items!.map(({ kind }) => kind)).to.have.members(['factors', 'app.items'])
    expect(scaled!.map((row) => row['scaled'])).to.have.members([3, 6, 15])
  })

  it('quote_all_identifiers: regclass is quoted like in psql, and nothing fails', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`${UNQUALIFIED}; ALTER ROLE ${ident(role.name)} SET quote_all_identifiers = on;
                  ALTER ROLE ${ident(role.name)} SET search_path = rules`)
    await db.sql(grantAll(ident(role.name)))
    const [items] = await readAll(role.config({ schemas: ['app'] }), ['items'])
    const expected = await readPlainly(db, role, 'SELECT * FROM app.items')
    expect(asText(items!)).to.have.deep.members(expected)
    expect(expected.map(({ kind }) => kind)).to.include('"factors"')
  })

  it("names in 'query' are looked up in schemas first, then like in the session", async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`CREATE SCHEMA app; CREATE SCHEMA rules;
                  CREATE TABLE app.t (a text); INSERT INTO app.t VALUES ('app');
                  CREATE TABLE rules.t (a text); INSERT INTO rules.t VALUES ('rules');
                  CREATE TABLE rules.only (b text); INSERT INTO rules.only VALUES ('rules');
                  ALTER ROLE ${ident(role.name)} SET search_path = rules`)
    await db.sql(grantAll(ident(role.name)))
    const query = 'SELECT a, b FROM t, only AS o'.replace('only', '"only"')
    const [rows] = await readAll(role.config({ schemas: ['app'], query }), ['query'])
    expect(rows).to.deep.equal([{ a: 'app', b: 'rules' }])
  })

  it("an empty search_path: 'query' and tables are read", async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(`CREATE SCHEMA app; CREATE SCHEMA rules; CREATE TABLE app.t (a regclass);
                  INSERT INTO app.t VALUES ('app.t');
                  ALTER ROLE ${ident(role.name)} SET search_path = ''`)
    await db.sql(grantAll(ident(role.name)))
    const config = role.config({ schemas: ['app'], query: 'SELECT a FROM t' })
    const [rows, query] = await readAll(config, ['t', 'query'])
    expect([rows, query]).to.deep.equal([[{ a: 'app.t' }], [{ a: 't' }]])
    const options = { jdbc_url_params: 'options=-c%20search_path=' }
    const [again] = await readAll(role.config({ ...options, schemas: ['app'], query: 'TABLE t' }), [
      'query',
    ])
    expect(again).to.deep.equal([{ a: 't' }])
  })

  it('settings of the role neither end nor change check, discover and read', async () => {
    await using db = await TestDatabase.create()
    await using role = await LoginRole.create(db)
    await db.sql(UNQUALIFIED)
    await db.sql(`CREATE TABLE app.moments (at timestamptz, span interval, bytes bytea);
                  INSERT INTO app.moments VALUES ('2024-01-31 10:00:00Z', '1 day 2 hours', '\\x01ff')`)
    await createMany(db, 500, `'CREATE TABLE app.many%s (a int, b int, c int, d int, e int)', i`)
    await db.sql(grantAll(ident(role.name)))
    for (const [setting, value] of [
      ['search_path', 'rules'],
      ['statement_timeout', '20ms'],
      ['lock_timeout', '1ms'],
      ['idle_in_transaction_session_timeout', '1ms'],
      ['default_transaction_isolation', 'serializable'],
      ['default_transaction_read_only', 'on'],
      ['default_transaction_deferrable', 'on'],
      ['row_security', 'off'],
      ['quote_all_identifiers', 'on'],
      ['standard_conforming_strings', 'off'],
      ['DateStyle', 'German'],
      ['IntervalStyle', 'sql_standard'],
      ['TimeZone', 'Asia/Tokyo'],
      ['bytea_output', 'escape'],
      ['client_encoding', 'LATIN1'],
      ['array_nulls', 'off'],
      ['transform_null_equals', 'on'],
      ['xmloption', 'document'],
    ] as const) {
      await db.sql(`ALTER ROLE ${ident(role.name)} SET ${setting} = '${value}'`)
    }
    const [items, moments] = await readAll(role.config({ schemas: ['app'] }), ['items', 'moments'])
    expect(items!.map(({ id }) => id)).to.have.members([1, 2])
    expect(moments).to.deep.equal([
      { at: '2024-01-31T10:00:00.000000Z', span: '1 day 02:00:00', bytes: '\\x01ff' },
    ])
  })
})

const KINDS = `
  CREATE SCHEMA app; SET search_path = app;
  CREATE TABLE t (id int PRIMARY KEY, at timestamptz, note text, price money, flag bool, ip inet);
  CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
  CREATE TABLE parent (id int); CREATE TABLE child (id int) INHERITS (parent);
  CREATE VIEW v AS SELECT id, note FROM t; CREATE MATERIALIZED VIEW m AS SELECT id, at FROM t;
  INSERT INTO t VALUES (1, '2020-05-05', 'a', 1.5, true, '::1'), (2, '2021-05-05', 'b', 2, false, '10.0.0.1');
  INSERT INTO p VALUES (1, '2020-05-05'), (2, '2021-05-05'); INSERT INTO child VALUES (1);
  REFRESH MATERIALIZED VIEW m`

describe('a search_path with objects that have names of pg_catalog', () => {
  for (const [method, replication_method] of [
    ['full refresh', undefined],
    ['xmin', { method: 'Xmin' }],
  ] as const) {
    it(`${method}: every kind of relation is discovered, checked, read and read again`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(KINDS)
      await makePathHostile(db, 'app')
      const query = 'SELECT id FROM t'
      const config = db.config({ schemas: ['app'], query, replication_method })
      await using connector = await withConnector(config)
      const { connectionStatus } = await connector.check()
      expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
      const discovered = await connector.catalog()
      const isIncremental = replication_method !== undefined
      const streams = discovered.streams.filter(
        ({ supported_sync_modes: modes }) => !isIncremental || modes.includes('incremental'),
      )
      const catalog = configuredCatalog(discovered, {
        streams: streams.map(({ name }) => name),
        syncMode: isIncremental ? 'incremental' : 'full_refresh',
      })
      const { messages, errors, states } = await connector.read({ catalog })
      expect(errors).to.deep.equal([])
      const t = recordsOf(messages, 't')
      expect(t.map(({ price, flag, ip }) => [price, flag, ip])).to.deep.equal([
        [1.5, true, '::1'],
        [2, false, '10.0.0.1'],
      ])
      for (const { name } of streams)
        expect(recordsOf(messages, name), name).to.have.length.above(0)
      const again = await connector.read({ catalog, state: states })
      expect(again.errors).to.deep.equal([])
    })
  }
})
