import { expect } from 'chai'
import { Server } from '../../helpers/server.ts'
import { CdcDatabase } from './cdc-database.ts'
import { lastState, sync } from './sync.ts'

const TABLES = `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
CREATE SCHEMA app; CREATE TABLE app.beat (at timestamptz);`
const METHOD = { heartbeat_action_query: 'INSERT INTO app.beat VALUES (now())' }

describe('heartbeat_action_query that cannot go on', () => {
  it('a table that is locked is a warning, and the sync goes on', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { publication: 'FOR TABLE users' })
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE app.beat IN ACCESS EXCLUSIVE MODE')
    const run = await sync(cdc, { method: METHOD, streams: ['users'] })
    lastState(run)
    expect(run.records).to.have.length(1)
    const warnings = run.logs.filter(({ message }) => message.startsWith('heartbeat_action_query'))
    expect(warnings).to.have.length(1)
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
    expect(run.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
  })
})
