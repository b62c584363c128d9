import { expect } from 'chai'
import { type Connector, type Run, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, type Json } from '../helpers/messages.ts'
import { LoginRole } from '../helpers/login-role.ts'

const ROWS = 20_000

function healthOf(run: Run): Json[] {
  return run.logs.flatMap(({ health }) => (health === undefined ? [] : [health]))
}

function objectAt(health: Json | undefined, key: string): Json {
  const value = health?.[key]
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

describe('health', () => {
  let db: TestDatabase
  let connector: Connector

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE t (id int, v text);
       INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, ${ROWS}) AS n;
       CREATE VIEW v AS SELECT id FROM t; CREATE SCHEMA "other one"; CREATE TABLE "other one".o (a int);
       CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE SEQUENCE s; ANALYZE`,
    )
    connector = await withConnector(db.config({ min_connections: 1, max_connections: 3 }))
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  it('check reports the same health of the database as SQL', async () => {
    const run = await connector.check()
    const [health] = healthOf(run)
    const [facts] = await db.sql('SELECT version(), pg_database_size(current_database()) AS size')
    expect(health).to.deep.include({
      status: 'healthy',
      connected: true,
      table_count: 3,
      postgresql_version: facts?.['version'],
      schema: 'public',
      capabilities: {
        incremental: true,
        schema_discovery: true,
        batch_reading: true,
        custom_queries: true,
      },
    })
    expect(health?.['database_size_bytes']).to.be.closeTo(Number(facts?.['size']), 1_000_000)
    expect(health?.['response_time_ms']).to.be.a('number').that.is.at.least(0)
    expect(Date.parse(String(health?.['last_check']))).to.be.closeTo(Date.now(), 60_000)
    expect(objectAt(health, 'pool')).to.deep.equal({
      min: 1,
      max: 3,
      size: 1,
      idle: 1,
      busy: 0,
      waiting: 0,
    })
    expect(objectAt(health, 'metrics')).to.include.keys(
      'connection_ms',
      'query_ms',
      'first_row_ms',
      'rows',
      'rows_per_second',
      'bytes',
      'bytes_per_second',
    )
    expect(objectAt(health, 'metrics')['connection_ms']).to.be.above(0)
    expect(objectAt(health, 'metrics')).to.include({ rows: 0, first_row_ms: null })
  })

  it('the text of the message has the same facts', async () => {
    const [log] = (await connector.check()).logs
    expect(log?.level).to.equal('INFO')
    expect(log?.message).to.match(
      new RegExp(
        `^Health: PostgreSQL ${db.server.major} is healthy, answers in [\\d.]+ ms, database \\d+ MiB, pool 0 busy 1 idle of 3$`,
      ),
    )
  })

  it('counts the tables of all its schemas', async () => {
    const schemas = ['public', 'other one']
    await using both = await withConnector(db.config({ schemas }))
    const [health] = healthOf(await both.check())
    expect(health).to.deep.include({ table_count: 4, schema: 'public,other one' })
  })

  it('read reports health at its start and at its end, with its figures', async () => {
    const catalog = configuredCatalog(await connector.catalog(), { streams: ['t', 'v'] })
    const run = await connector.read({ catalog })
    const [first, ...others] = healthOf(run)
    const last = others.at(-1)
    expect(objectAt(first, 'metrics')).to.include({ rows: 0, bytes: 0, first_row_ms: null })
    expect(objectAt(last, 'metrics')['rows']).to.equal(2 * ROWS)
    expect(objectAt(last, 'metrics')['bytes']).to.be.within(2_680_000, 5_000_000)
    expect(objectAt(last, 'metrics')['first_row_ms']).to.be.above(0)
    expect(objectAt(last, 'metrics')['rows_per_second']).to.be.above(0)
    expect(objectAt(last, 'metrics')['bytes_per_second']).to.be.above(0)
    expect(last?.['streams']).to.deep.equal({ 'public.t': ROWS, 'public.v': ROWS })
    const types = run.messages.map(({ type, log }) => (log?.health === undefined ? type : 'HEALTH'))
    expect(types.indexOf('HEALTH')).to.be.below(types.indexOf('RECORD'))
    expect(types.lastIndexOf('HEALTH')).to.be.above(types.lastIndexOf('RECORD'))
  })

  it('a fact that the role may not see is null, and not a failure', async () => {
    await using role = await LoginRole.create(db)
    await db.sql(
      `GRANT SELECT ON t TO ${role.name}; REVOKE CONNECT ON DATABASE ${db.name} FROM PUBLIC;
       GRANT CONNECT ON DATABASE ${db.name} TO ${role.name};
       REVOKE EXECUTE ON FUNCTION pg_catalog.pg_database_size(name) FROM PUBLIC`,
    )
    await using narrow = await withConnector(role.config())
    const run = await narrow.check()
    expect(run.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    const [health] = healthOf(run)
    expect(health).to.include({ database_size_bytes: null, connected: true })
    expect(health?.['response_time_ms']).to.be.a('number')
  })
})
