import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { ident } from '../../../../src/sql.ts'
import { type Run, withConnector } from '../../../helpers/connector.ts'
import { LoginRole } from '../../../helpers/login-role.ts'
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

describe('heartbeat_action_query that cannot finish', () => {
  it('a locked table causes a warning, and the sync continues', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE users' })
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE app.beat IN ACCESS EXCLUSIVE MODE')
    const run = await sync(cdc, { method: METHOD, streams: ['users'] })
    lastState(run)
    expect(run.records).to.have.length(1)
    expect(warningsOf(run)).to.deep.equal([
      'replication_method.heartbeat_action_query failed. The server reported: canceling statement due to lock timeout (SQLSTATE 55P03). Another session held a lock on it for 5 s.',
    ])
  })

  it('a synchronous standby that no longer runs does not delay the sync', async () => {
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

  it('that fails is a warning with the cause, without the text of the query', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const query = 'UPDATE nowhere SET secret = 1'
    const run = await sync(cdc, { method: { heartbeat_action_query: query }, streams: ['users'] })
    lastState(run)
    expect(warningsOf(run)).to.deep.equal([
      'replication_method.heartbeat_action_query failed. The server reported: relation "nowhere" does not exist (SQLSTATE 42P01). Correct the query.',
    ])
  })
})

describe('heartbeat_action_query in check', () => {
  const FAILED = 'replication_method.heartbeat_action_query failed. The server'
  let cdc: CdcDatabase
  let role: LoginRole
  before(async () => {
    cdc = await CdcDatabase.create(
      `${TABLES} GRANT USAGE ON SCHEMA app TO PUBLIC;
      CREATE PROCEDURE app.run() LANGUAGE sql AS 'INSERT INTO app.beat VALUES (now())'`,
      { publication: 'FOR TABLE users' },
    )
    role = await LoginRole.create(cdc.db)
    await cdc.sql(
      `ALTER ROLE ${ident(role.name)} REPLICATION; GRANT SELECT ON users TO ${ident(role.name)}`,
    )
  })
  after(async () => {
    await role[Symbol.asyncDispose]()
    await cdc[Symbol.asyncDispose]()
  })

  async function check(heartbeat_action_query: string, account: object = {}): Promise<Run> {
    await using connector = await withConnector(
      cdc.config({ heartbeat_action_query }, { ...account }),
    )
    return await connector.check()
  }

  for (const [what, query, warning] of [
    [
      'a syntax error',
      'INSRT INTO app.beat VALUES (now())',
      'rejected the query with SQLSTATE 42601. Correct the query.',
    ],
    [
      'a missing table',
      '-- beat\nINSERT INTO app.beet VALUES (now());',
      'reported: relation "app.beet" does not exist (SQLSTATE 42P01). Correct the query.',
    ],
    [
      'a missing column',
      'UPDATE app.beat SET since = now()',
      'reported: column "since" of relation "beat" does not exist (SQLSTATE 42703). Correct the query.',
    ],
  ] as const) {
    it(`${what} is a WARN, and check succeeds`, async () => {
      const run = await check(query)
      expect(run.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
      expect(warningsOf(run)).to.deep.equal([`${FAILED} ${warning}`])
    })
  }

  it('a missing privilege is a WARN', async () => {
    const account = { username: role.name, password: role.password }
    expect(warningsOf(await check(METHOD.heartbeat_action_query, account))).to.deep.equal([
      `${FAILED} reported: permission denied for table beat (SQLSTATE 42501). GRANT what is missing to the role.`,
    ])
  })

  for (const query of [
    METHOD.heartbeat_action_query,
    'SELECT pg_catalog.pg_sleep(1000)',
    'WITH gone AS (DELETE FROM app.beat RETURNING at) INSERT INTO app.beat SELECT now();',
    'CALL app.run()',
    'VACUUM app.beat',
    'ANALYZE app.beat',
    'INSERT INTO app.beat VALUES (now()); CALL app.run()',
  ]) {
    it(`reports nothing about ${query}, and does not run it`, async () => {
      const run = await check(query)
      expect(run.connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
      expect(warningsOf(run)).to.deep.equal([])
      expect(await cdc.sql('SELECT FROM app.beat')).to.deep.equal([])
    })
  }

  it('a locked table is not waited for longer than 5 s, and nothing is reported', async () => {
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE app.beat IN ACCESS EXCLUSIVE MODE')
    expect(warningsOf(await check(METHOD.heartbeat_action_query))).to.deep.equal([])
  })
})

describe('the heartbeat of the connector', () => {
  it('that the server rejects is a warning', async () => {
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
      /^The slot may retain log for longer than needed. A message was not written to the log. The server reported: function .* does not exist \(SQLSTATE 42883\).$/,
    )
  })
})
