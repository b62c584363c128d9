import { expect } from 'chai'
import { type Run, withConnector } from '../../helpers/connector.ts'
import { requestedMajor } from '../../helpers/binaries.ts'
import { Server } from '../../helpers/server.ts'
import { CdcDatabase } from './cdc-database.ts'
import { incrementalCatalog } from './sync.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY)'
const major = requestedMajor()
const FAILOVER = major >= 17 ? ', false, false, true' : ''

async function check(
  cdc: CdcDatabase,
  method: Readonly<Record<string, unknown>> = {},
): Promise<{ status: string; message: string; logs: readonly string[] }> {
  await using connector = await withConnector(cdc.config(method))
  const { connectionStatus, logs } = await connector.check()
  return {
    status: connectionStatus?.status ?? '',
    message: connectionStatus?.message ?? '',
    logs: logs.map(({ level, message }) => `${level} ${message}`),
  }
}

function warningsOf({ logs }: Run): readonly string[] {
  return logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
}

describe('check in CDC mode', () => {
  it('succeeds without a warning if everything is set up', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    const { status, logs } = await check(cdc)
    expect(status).to.equal('SUCCEEDED')
    expect(logs.filter((line) => line.startsWith('WARN'))).to.deep.equal([])
  })

  it('prints a script that works if there is neither publication nor slot', async () => {
    await using cdc = await CdcDatabase.create(
      `${TABLE}; CREATE TABLE "O r" (id int PRIMARY KEY); CREATE TABLE keyless (n int)`,
    )
    await cdc.sql('DROP PUBLICATION p')
    await cdc.dropSlot()
    const { status, message } = await check(cdc)
    expect(status).to.equal('FAILED')
    const script = `CREATE PUBLICATION "p" FOR TABLE "public"."O r", "public"."users"; SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${FAILOVER});`
    expect(message).to.include(
      `Publication "p" and replication slot "${cdc.slot}" do not exist. Run: ${script}`,
    )
    for (const statement of script.split(';').filter(Boolean)) await cdc.sql(statement)
    expect(await check(cdc)).to.include({ status: 'SUCCEEDED' })
  })

  it('prints statements for both if the publication is missing, because the slot must be younger', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    await cdc.sql('DROP PUBLICATION p')
    const { message } = await check(cdc)
    const script = `SELECT pg_drop_replication_slot('${cdc.slot}'); CREATE PUBLICATION "p" FOR TABLE "public"."users"; SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${FAILOVER});`
    expect(message).to.include(`Publication "p" does not exist.`).and.to.include(script)
    for (const statement of script.split(';').filter(Boolean)) await cdc.sql(statement)
    expect(await check(cdc)).to.include({ status: 'SUCCEEDED' })
  })

  it('reports a missing slot', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    await cdc.dropSlot()
    const { status, message } = await check(cdc)
    expect(status).to.equal('FAILED')
    expect(message).to.include(
      `Replication slot "${cdc.slot}" does not exist. Run: SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${FAILOVER});`,
    )
  })

  it('reports a slot of another plugin', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    await cdc.dropSlot()
    await cdc.createSlot('test_decoding')
    expect((await check(cdc)).message).to.include('has the plugin test_decoding, not pgoutput')
  })

  it('reports a slot of another database', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    await using other = await CdcDatabase.create(TABLE)
    const { message } = await check(cdc, { replication_slot: other.slot })
    expect(message).to.include(
      `Replication slot "${other.slot}" belongs to database "${other.slot}", not to "${cdc.slot}".`,
    )
  })

  it('reports a table if no table can be read incrementally', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE notes (body text)')
    expect((await check(cdc)).message).to.include(
      `No table can be read incrementally through publication "p". Stream 'public.notes': it has no primary key.`,
    )
  })

  it('warns of tables on which UPDATE and DELETE fail for all clients', async () => {
    await using cdc = await CdcDatabase.create(
      `${TABLE}; CREATE SCHEMA app; CREATE TABLE app.events (id int); INSERT INTO app.events VALUES (1)`,
    )
    const { status, logs } = await check(cdc)
    expect(status).to.equal('SUCCEEDED')
    expect(logs).to.include(
      'WARN UPDATE and DELETE fail for all clients on published tables without a replica identity: "app"."events". Add a primary key or run: ALTER TABLE "app"."events" REPLICA IDENTITY FULL;',
    )
    const failure = await cdc.sql('DELETE FROM app.events').catch((error: unknown) => error)
    expect(failure).to.have.property('code', '55000')
    await cdc.sql('ALTER TABLE "app"."events" REPLICA IDENTITY FULL')
    await cdc.sql('DELETE FROM app.events')
    expect((await check(cdc)).logs.filter((line) => line.startsWith('WARN'))).to.deep.equal([])
  })

  it('warns of a publication that leaves out deletes', async () => {
    await using cdc = await CdcDatabase.create(TABLE, {
      publication: "FOR ALL TABLES WITH (publish = 'insert, update')",
    })
    expect((await check(cdc)).logs).to.include(
      `WARN Publication "p" leaves out delete. Run: ALTER PUBLICATION "p" SET (publish = 'insert, update, delete, truncate');`,
    )
  })

  it('reports wal_level and the other problems in one message', async () => {
    await using server = await Server.start({ settings: { wal_level: 'replica' } })
    await server.query(TABLE)
    const { host, port, user, password, database } = server.connectionConfig()
    const method = { method: 'CDC', replication_slot: 's', publication: 'p' }
    const config = { host, port, database, username: user, password, replication_method: method }
    await using connector = await withConnector(config)
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.message)
      .to.include(
        "wal_level is replica, and CDC needs logical. Run: ALTER SYSTEM SET wal_level = 'logical'; and restart the server.",
      )
      .and.to.include('Publication "p" and replication slot "s" do not exist.')
  })
})

describe('a role in CDC mode', () => {
  it('for which row security hides rows: check and read warn until it has BYPASSRLS', async () => {
    await using cdc = await CdcDatabase.create(
      `${TABLE}; ALTER TABLE users ENABLE ROW LEVEL SECURITY;
       CREATE TABLE open (id int PRIMARY KEY); CREATE POLICY own ON users USING (id = 1); INSERT INTO users VALUES (1), (2)`,
    )
    const role = `${cdc.slot}_role`
    await cdc.sql(
      `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'p'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
    )
    const warning = `The first load leaves out rows that row security hides from user "${role}", and the log does not: "public"."users". Run: ALTER ROLE "${role}" BYPASSRLS; and refresh the streams.`
    try {
      const catalog = await incrementalCatalog(cdc)
      await using connector = await withConnector(cdc.config({}, { username: role, password: 'p' }))
      for (const run of [await connector.check(), await connector.read({ catalog })]) {
        expect(warningsOf(run)).to.deep.equal([warning])
      }
      await cdc.sql(`ALTER ROLE "${role}" BYPASSRLS`)
      const run = await connector.read({ catalog })
      expect(warningsOf(run)).to.deep.equal([])
      expect(run.records).to.have.length(2)
    } finally {
      await cdc.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  it('without REPLICATION: check prints a statement that works', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    const role = `${cdc.slot}_role`
    await cdc.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'p'; GRANT SELECT ON users TO ${role}`)
    try {
      await using connector = await withConnector(cdc.config({}, { username: role, password: 'p' }))
      const { connectionStatus } = await connector.check()
      expect(connectionStatus?.message).to.include(
        `User "${role}" may not read the log: it lacks the REPLICATION attribute. Run ALTER ROLE "${role}" REPLICATION`,
      )
      await cdc.sql(`ALTER ROLE "${role}" REPLICATION`)
      expect((await connector.check()).connectionStatus?.status).to.equal('SUCCEEDED')
    } finally {
      await cdc.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})
