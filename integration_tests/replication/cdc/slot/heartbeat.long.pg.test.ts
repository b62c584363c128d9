import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import type { Run } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

const TABLES = `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
CREATE SCHEMA app; CREATE TABLE app.beat (at timestamptz);`
const METHOD = { heartbeat_action_query: 'INSERT INTO app.beat VALUES (now())' }

const major = requestedMajor()

function warningsOf({ logs }: Run): readonly string[] {
  return logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
}

describe('heartbeat_action_query that cannot go on', () => {
  it('a table that is locked is a warning, and the sync goes on', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE users' })
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE app.beat IN ACCESS EXCLUSIVE MODE')
    const run = await sync(cdc, { method: METHOD, streams: ['users'] })
    lastState(run)
    expect(run.records).to.have.length(1)
    expect(warningsOf(run)).to.deep.equal([
      'replication_method.heartbeat_action_query failed. The server says: canceling statement due to lock timeout (SQLSTATE 55P03). Another session held a lock on it for 5 s.',
    ])
  })

  it('a synchronous standby that is gone is not waited for', async () => {
    await using server = await Server.start()
    await using cdc = await CdcDatabase.create(TABLES, { server })
    await cdc.sql(`ALTER DATABASE "${cdc.db.name}" SET synchronous_commit = on`)
    await server.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await server.query('SELECT pg_reload_conf()')
    const run = await sync(cdc, { method: METHOD, streams: ['users'] })
    lastState(run)
    await server.query('ALTER SYSTEM RESET synchronous_standby_names')
    await server.query('SELECT pg_reload_conf()')
    expect(await cdc.sql('SELECT FROM app.beat')).to.have.length(1)
    expect(warningsOf(run)).to.deep.equal([])
  })
})

describe('heartbeat_action_query', () => {
  for (const [what, query] of [
    ['a procedure that commits', 'CALL app.beat()'],
    ['VACUUM', 'VACUUM app.beat'],
  ] as const) {
    it(`may be ${what}`, async () => {
      const procedure = `CREATE PROCEDURE app.beat() LANGUAGE plpgsql AS
        $$BEGIN INSERT INTO app.beat VALUES (now()); COMMIT; INSERT INTO app.beat VALUES (now()); END$$`
      await using cdc = await CdcDatabase.create(`${TABLES} ${procedure}`)
      const run = await sync(cdc, { method: { heartbeat_action_query: query }, streams: ['users'] })
      lastState(run)
      expect(warningsOf(run)).to.deep.equal([])
    })
  }

  it('that fails is a warning that says what is wrong with it, without its text', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const query = 'UPDATE nowhere SET secret = 1'
    const run = await sync(cdc, { method: { heartbeat_action_query: query }, streams: ['users'] })
    lastState(run)
    expect(warningsOf(run)).to.deep.equal([
      'replication_method.heartbeat_action_query failed. The server says: relation "nowhere" does not exist (SQLSTATE 42P01). Correct the query.',
    ])
  })
})

describe('the heartbeat of the connector', () => {
  it('that the server refuses is a warning', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const state = lastState(await sync(cdc, { streams: ['users'] }))
    for (const type of ['text', 'bytea']) {
      const types = `boolean, text, ${type}${major >= 17 ? ', boolean' : ''}`
      await cdc.sql(`ALTER FUNCTION pg_logical_emit_message(${types}) RENAME TO other_name`)
    }
    await cdc.sql('SELECT pg_switch_wal(); CREATE TABLE a (v int)')
    await cdc.sql('SELECT pg_switch_wal(); INSERT INTO users VALUES (2)')
    const run = await sync(cdc, { state, streams: ['users'] })
    lastState(run)
    expect(run.records.map(({ data }) => data['id'])).to.deep.equal([2])
    const [warning] = warningsOf(run)
    expect(warning).to.match(
      /^The slot may retain log for longer than needed. A message was not written to the log. The server says: function .* does not exist \(SQLSTATE 42883\).$/,
    )
  })
})
