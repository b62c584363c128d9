import { expect } from 'chai'
import { parseLsn } from '../../../../src/lsn.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { FaultProxy } from '../../../helpers/fault-proxy.ts'
import type { StateMessage } from '../../../helpers/messages.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { confirmed, lsnOf } from '../slot-position.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLES = `CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE other (id int PRIMARY KEY, note text);
CREATE TABLE apart (a text);`
const TWO_PUBLISHED = { publication: 'FOR TABLE t, other' }

async function endOfLog(cdc: CdcDatabase): Promise<bigint> {
  const [row] = await cdc.sql('SELECT pg_current_wal_lsn() AS lsn')
  return parseLsn(row?.['lsn'] ?? '')
}

/** Transactions of 40 kB for the client. */
async function write(cdc: CdcDatabase, table: string, transactions: number): Promise<void> {
  for (let each = 0; each < transactions; each++) {
    await cdc.sql(
      `INSERT INTO ${table} SELECT ${each * 100} + i, repeat('x', 400) FROM generate_series(1, 100) AS i`,
    )
  }
}

describe('a large log without changes of the streams', () => {
  for (const [what, table] of [
    ['a table that is not selected', 'other (id, note)'],
    ['a table outside of the publication', 'apart (a)'],
  ] as const) {
    it(`of ${what}: the change after it is read, and the slot moves past it`, async () => {
      await using cdc = await CdcDatabase.create(TABLES, TWO_PUBLISHED)
      let state = lastState(await sync(cdc, { streams: ['t'] }))
      const values = table.startsWith('other') ? "i, repeat('x', 500)" : "repeat('x', 500)"
      await cdc.sql(`INSERT INTO ${table} SELECT ${values} FROM generate_series(1, 50000) AS i`)
      const end = await endOfLog(cdc)
      const empty = await sync(cdc, { state, streams: ['t'] })
      expect(empty.records).to.deep.equal([])
      expect(lsnOf(lastState(empty)) >= end - 1n, 'the state is behind it').to.equal(true)
      state = lastState(empty)
      await cdc.sql("INSERT INTO t VALUES (1, 'behind')")
      const next = await sync(cdc, { state, streams: ['t'] })
      expect(next.records.map(({ data }) => data['id'])).to.deep.equal([1])
      expect(await confirmed(cdc)).to.equal(lsnOf(state))
    })
  }

  it('of tables whose changes are never sent (foreign, unlogged, temporary): the slot moves', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const { name, server } = cdc.db
    const options = `host '127.0.0.1', port '${server.port}', dbname '${name}'`
    await cdc.sql(`CREATE EXTENSION postgres_fdw;
      CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${options});
      CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres', password 'password');
      CREATE UNLOGGED TABLE quick (a text); CREATE UNLOGGED TABLE remote (a text);
      CREATE FOREIGN TABLE away (a text) SERVER far OPTIONS (table_name 'remote')`)
    let state = lastState(await sync(cdc))
    for (let round = 0; round < 3; round++) {
      await cdc.sql("INSERT INTO quick VALUES ('x'); INSERT INTO away VALUES ('x')")
      await cdc.sql(`CREATE TEMP TABLE brief_${round} AS SELECT 'x' AS a`)
      const run = await sync(cdc, { state })
      expect(await confirmed(cdc), `round ${round}`).to.equal(lsnOf(state))
      expect(lsnOf(lastState(run)) > lsnOf(state), `round ${round}`).to.equal(true)
      state = lastState(run)
    }
    expect(await cdc.sql('SELECT FROM remote')).to.have.length(3)
  })

  it('of a heartbeat table that is not in the publication: the slot moves', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE t' })
    const method = { heartbeat_action_query: "INSERT INTO apart VALUES ('beat')" }
    let state = lastState(await sync(cdc, { method, streams: ['t'] }))
    for (let round = 0; round < 3; round++) {
      const run = await sync(cdc, { method, state, streams: ['t'] })
      expect(run.records).to.deep.equal([])
      expect(await confirmed(cdc), `round ${round}`).to.equal(lsnOf(state))
      expect(lsnOf(lastState(run)) > lsnOf(state), `round ${round}`).to.equal(true)
      state = lastState(run)
    }
  })
})

describe('an idle database and a role whose transactions are read-only', () => {
  it('the sync ends, and the next change is read', async () => {
    await using cdc = await CdcDatabase.create(`${TABLES} INSERT INTO t VALUES (1, 'a')`)
    const role = `${cdc.slot}_role`
    await cdc.sql(`CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'p';
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};
      ALTER ROLE ${role} SET default_transaction_read_only = on`)
    const config = { username: role, password: 'p' }
    try {
      let state = lastState(await sync(cdc, { config }))
      for (let round = 0; round < 2; round++) {
        const idle = await sync(cdc, { config, state })
        expect(idle.records).to.deep.equal([])
        state = lastState(idle)
      }
      await cdc.sql("INSERT INTO t VALUES (2, 'b')")
      const run = await sync(cdc, { config, state })
      expect(run.records.map(({ data }) => data['id'])).to.deep.equal([2])
    } finally {
      await cdc.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})

describe('a sync that does not reach the end of the log', () => {
  let server: Server
  before(async () => {
    server = await Server.start({ settings: { wal_sender_timeout: '2s' } })
  })
  after(async () => await server[Symbol.asyncDispose]())

  it('fails, and does not succeed without records', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { server })
    const state = lastState(await sync(cdc))
    await cdc.sql(`INSERT INTO t SELECT i, repeat('x', 400) FROM generate_series(1, 5000) AS i`)
    await using proxy = await FaultProxy.start(server.port, {
      type: 'silence',
      afterBytes: 500_000,
    })
    const method = { initial_waiting_seconds: 1 }
    const config = { port: proxy.port, max_retries: 1 }
    const failed = await sync(cdc, { state, method, config })
    expect(failed.code).to.equal(1)
    expect(failed.errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
    expect(failed.errors[0]?.message).to.include(
      'The server made no progress in the log for 1 s (initial_waiting_seconds).',
    )
    expect(failed.statuses).to.include('t: INCOMPLETE').and.not.include('t: COMPLETE')
    expect((await sync(cdc, { state })).records).to.have.length(5000)
  })

  it('keeps the position that it has reached, also without a record: the next sync continues there', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { server })
    const given = lastState(await sync(cdc, { streams: ['t'] }))
    await write(cdc, 'other', 40)
    await cdc.sql("INSERT INTO t VALUES (1, 'behind')")
    const slow = { type: 'throttle', bytesPerSecond: 400_000 } as const
    await using proxy = await FaultProxy.start(server.port, slow)
    const config = { port: proxy.port, checkpoint_target_interval_seconds: 1 }
    const catalog = await incrementalCatalog(cdc, ['t'])
    await using connector = await withConnector(cdc.config({}, config))
    await using running = await connector.startRead({ catalog, state: [given] })
    let reached: StateMessage | null = null
    for await (const { record, state } of running.messages()) {
      expect(record, 'nothing is for a stream so far').to.equal(undefined)
      if (state === undefined) continue
      reached = state
      running.process.kill('SIGKILL')
    }
    expect(lsnOf(reached!) > lsnOf(given)).to.equal(true)
    const next = await sync(cdc, { state: reached, streams: ['t'] })
    lastState(next)
    expect(next.records.map(({ data }) => data['id'])).to.deep.equal([1])
    expect(await confirmed(cdc)).to.equal(lsnOf(reached!))
  })
})
