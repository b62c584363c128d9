import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { StateMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');`

describe('a CDC sync with a fault in its session', () => {
  it('a terminated walsender: resumes from the last commit, in the same run', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const first = await sync(cdc)
    const state = lastState(first)
    for (let batch = 0; batch < 20; batch++) {
      await cdc.sql(
        `INSERT INTO users SELECT ${batch * 2000} + 100 + i, repeat('x', 200) FROM generate_series(1, 2000) AS i`,
      )
    }
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config({}, { batch_size: 1000 }))
    await using run = await connector.startRead({ catalog, state: [state] })
    const records = [...first.records]
    const states: StateMessage[] = []
    const warnings: string[] = []
    let isKilled = false
    for await (const { record, state: reached, log } of run.messages()) {
      if (record !== undefined) records.push(record)
      if (log?.level === 'WARN') warnings.push(log.message)
      if (reached === undefined) continue
      states.push(reached)
      if (isKilled) continue
      isKilled = true
      await cdc.sql(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
      )
    }
    expect((await run.ended).code).to.equal(0)
    expect(isKilled).to.equal(true)
    const rows = await cdc.sql('SELECT id, name FROM users')
    expect(fold(records, 'users').map(valuesOf)).to.have.deep.members(
      rows.map(({ id, name }) => ({ id: Number(id), name })),
    )
    const [slot] = await cdc.sql(
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    expect(slot?.['active']).to.equal('f')
    expect((await sync(cdc, { state: states.at(-1) })).records).to.deep.equal([])
  })
})

describe('heartbeat_action_query', () => {
  it('runs in a session of the role with write access', async () => {
    await using cdc = await CdcDatabase.create(
      `${USERS} CREATE SCHEMA app; CREATE TABLE app.beat (at timestamptz)`,
    )
    await cdc.sql(`ALTER DATABASE "${cdc.db.name}" SET search_path = app, public`)
    const run = await sync(cdc, {
      method: { heartbeat_action_query: 'INSERT INTO beat VALUES (now())' },
    })
    lastState(run)
    expect(await cdc.sql('SELECT FROM app.beat')).to.have.length(1)
  })
})

describe('a CDC read without a catalog', () => {
  it('reads the table of the config', async () => {
    await using cdc = await CdcDatabase.create(`${USERS} CREATE TABLE other (id int PRIMARY KEY)`)
    const config = cdc.config({}, { table: 'users', sync_mode: 'incremental' })
    await using connector = await withConnector(config)
    const first = await connector.read({})
    expect(first.records.map(({ data }) => valuesOf(data))).to.deep.equal([{ id: 1, name: 'a' }])
    await cdc.sql('DELETE FROM users')
    const second = await connector.read({ state: [lastState(first)] })
    expect(second.records.map(({ data }) => data['_ab_cdc_deleted_at'] === null)).to.deep.equal([
      false,
    ])
  })
})
