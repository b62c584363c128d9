import { expect } from 'chai'
import { type Run, withConnector } from '../../../helpers/connector.ts'
import { LoginRole } from '../../../helpers/login-role.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLES = `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, v text);
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 'x');`
const WRITE = "INSERT INTO b VALUES (2, 'y'); INSERT INTO a VALUES (2)"

/** More than the output buffers can hold, so that the log is still read at the first state. */
const TRANSACTIONS = 300
const RETURNED =
  "Stream 'public.b' is read from the start: an earlier sync did not read it. Refresh the stream to remove deleted rows from the destination."

function warningsOf({ logs }: Run): readonly string[] {
  return logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
}

function rowsOf({ records }: Run): readonly unknown[] {
  return records.map(({ stream, data }) => [stream, ...Object.values(valuesOf(data))])
}

describe('a selected table that is dropped permanently', () => {
  for (const publication of ['FOR ALL TABLES', 'FOR TABLE a, b']) {
    it(`between two syncs: it is INCOMPLETE, and the other tables are read, ${publication}`, async () => {
      await using cdc = await CdcDatabase.create(TABLES, { publication })
      const catalog = await incrementalCatalog(cdc)
      const first = lastState(await sync(cdc))
      await cdc.sql(WRITE)
      await cdc.sql('DROP TABLE b; INSERT INTO a VALUES (3)')
      await using connector = await withConnector(cdc.config())
      const run = await connector.read({ catalog, state: [first] })
      expect(run.code).to.equal(1)
      expect(run.errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
      expect(run.errors[0]?.message).to.match(/^Stream 'public\.b' of the catalog is not in/)
      expect(run.errors[0]?.stream_descriptor).to.deep.equal({ name: 'b', namespace: 'public' })
      const ends = run.statuses.filter((status) => status.endsWith('COMPLETE'))
      expect(ends).to.have.members(['a: COMPLETE', 'b: INCOMPLETE'])
      expect(rowsOf(run)).to.deep.equal([
        ['a', 2],
        ['a', 3],
      ])
      await cdc.sql('INSERT INTO a VALUES (4); CREATE TABLE b (id int PRIMARY KEY, v text)')
      if (publication !== 'FOR ALL TABLES') await cdc.sql('ALTER PUBLICATION p ADD TABLE b')
      await cdc.sql("INSERT INTO b VALUES (5, 'z')")
      const next = await connector.read({ catalog, state: [run.states.at(-1)!] })
      lastState(next)
      expect(rowsOf(next)).to.have.deep.members([
        ['b', 5, 'z'],
        ['a', 4],
      ])
      expect(warningsOf(next)).to.deep.equal([RETURNED])
    })
  }

  it('and is back before a retry: the retry does not read it', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc)
    const first = lastState(await sync(cdc))
    await cdc.sql('ALTER TABLE b RENAME TO c')
    await cdc.sql(`DO $$ BEGIN
      FOR i IN 1..${TRANSACTIONS} LOOP
        INSERT INTO a SELECT generate_series(i * 1000, i * 1000 + 999); COMMIT;
      END LOOP;
    END $$`)
    await using connector = await withConnector(cdc.config({}, { batch_size: 1000 }))
    await using run = await connector.startRead({ catalog, state: [first] })
    const records: RecordMessage[] = []
    const statuses: string[] = []
    const warnings: string[] = []
    let isKilled = false
    for await (const { record, trace, state, log } of run.messages()) {
      if (log?.level === 'WARN') warnings.push(log.message)
      if (record !== undefined) records.push(record)
      const status = trace?.stream_status
      if (status !== undefined) statuses.push(`${status.stream_descriptor.name}: ${status.status}`)
      if (state === undefined || isKilled) continue
      isKilled = true
      await cdc.sql(`ALTER TABLE c RENAME TO b;
        SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`)
    }
    expect((await run.ended).code).to.equal(1)
    expect(warnings.join()).to.match(/Retry/)
    expect(statuses.filter((status) => status.startsWith('b'))).to.deep.equal(['b: INCOMPLETE'])
    expect(statuses).to.include('a: COMPLETE')
    const ids = new Set(records.map(({ stream, data }) => `${stream} ${Number(data['id'])}`))
    expect(ids.size).to.equal(TRANSACTIONS * 1000)
  })

  it('and was only renamed for one sync: it is read from the start, with a WARN', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc)
    const first = lastState(await sync(cdc))
    await cdc.sql(`${WRITE}; DELETE FROM b WHERE id = 1; ALTER TABLE b RENAME TO c`)
    await using connector = await withConnector(cdc.config())
    const left = await connector.read({ catalog, state: [first] })
    expect(left.code).to.equal(1)
    await cdc.sql('ALTER TABLE c RENAME TO b')
    const next = await connector.read({ catalog, state: [left.states.at(-1)!] })
    const state = lastState(next)
    expect(rowsOf(next)).to.deep.equal([['b', 2, 'y']])
    expect(warningsOf(next)).to.deep.equal([RETURNED])
    const last = await connector.read({ catalog, state: [state] })
    expect([last.records, warningsOf(last)]).to.deep.equal([[], []])
  })

  it('that may only not be read: nothing is read, so that its state is kept', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    await using role = await LoginRole.create(cdc.db)
    await cdc.sql(`ALTER ROLE ${role.name} REPLICATION; GRANT SELECT ON a, b TO ${role.name}`)
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector({ ...cdc.config(), ...role.config() })
    const first = lastState(await connector.read({ catalog }))
    await cdc.sql(`${WRITE}; REVOKE SELECT ON b FROM ${role.name}`)
    const refused = await connector.read({ catalog, state: [first] })
    expect(refused.errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect(refused.errors[0]?.message).to.include("may not read table 'b'")
    expect([refused.records, refused.states]).to.deep.equal([[], []])
    await cdc.sql(`GRANT SELECT ON b TO ${role.name}`)
    const next = await connector.read({ catalog, state: [first] })
    expect(rowsOf(next)).to.deep.equal([
      ['b', 2, 'y'],
      ['a', 2],
    ])
  })

  it('within a sync: its earlier changes are written, and those of other tables', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc)
    const first = lastState(await sync(cdc))
    await cdc.sql(WRITE)
    // It runs after the tables were looked up, and before the log is read
    const method = { heartbeat_action_query: 'DROP TABLE b' }
    await using connector = await withConnector(cdc.config(method))
    const run = await connector.read({ catalog, state: [first] })
    const state = lastState(run)
    expect(rowsOf(run)).to.deep.equal([
      ['b', 2, 'y'],
      ['a', 2],
    ])
    await cdc.sql('INSERT INTO a VALUES (3)')
    expect(rowsOf(await sync(cdc, { state }))).to.deep.equal([['a', 3]])
  })

  it('within a sync that has to fetch its long values: the sync reports it, and the state continues', async () => {
    await using cdc = await CdcDatabase.create(
      `${TABLES} UPDATE b SET v = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) AS i); ALTER TABLE b ADD n int`,
    )
    const catalog = await incrementalCatalog(cdc)
    const state = lastState(await sync(cdc))
    await cdc.sql('UPDATE b SET n = 1; INSERT INTO a VALUES (2)')
    const method = { heartbeat_action_query: 'DROP TABLE b' }
    await using connector = await withConnector(cdc.config(method))
    const { errors } = await connector.read({ catalog, state: [state] })
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect(errors[0]?.message).to.include("Stream 'public.b' of the catalog is not in database")
    expect(rowsOf(await sync(cdc, { state }))).to.deep.equal([['a', 2]])
  })
})
