import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { type Run, withConnector } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { incrementalCatalog, lastState } from '../sync.ts'

const major = requestedMajor()
const TABLE = 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)'

function idsOf({ records }: Run): readonly unknown[] {
  return records.map(({ data }) => data['id'])
}

/** Syncs from `server`, which has the database of `cdc` or a copy of it. */
async function syncOn(
  server: Server,
  cdc: CdcDatabase,
  { state, extra }: { state?: unknown; extra?: object } = {},
): Promise<Run> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config({}, { port: server.port, ...extra }))
  return await connector.read({ catalog, ...(state !== undefined && { state: [state] }) })
}

/** Waits until the standby has replayed everything that the primary has written. */
async function replay(primary: Server, standby: Server): Promise<void> {
  const [end] = await primary.query('SELECT pg_current_wal_lsn() AS lsn')
  for (let isThere = false; !isThere;) {
    const [row] = await standby.query(
      `SELECT pg_last_wal_replay_lsn() >= '${end?.['lsn']}' AS there`,
    )
    isThere = row?.['there'] === 't'
    await sleep(20)
  }
}

/**
 * Creates a slot, which needs a record of running transactions; an idle primary rarely writes one.
 */
async function createSlot(primary: Server, standby: Server, cdc: CdcDatabase): Promise<void> {
  const sql = `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput')`
  const create = standby.query(sql, cdc.db.name)
  for (let isCreated = false; !isCreated;) {
    await primary.query('SELECT pg_log_standby_snapshot()')
    isCreated = await Promise.race([create.then(() => true), sleep(100, false)])
  }
}

describe('CDC and standbys', () => {
  if (major < 16) return

  for (const isolation of ['read committed', 'serializable']) {
    it(`reads the log of a standby whose default_transaction_isolation is ${isolation}`, async () => {
      await using primary = await Server.start()
      await using cdc = await CdcDatabase.create(TABLE, { server: primary })
      await cdc.dropSlot()
      await using standby = await primary.createStandby({ hot_standby_feedback: 'on' })
      await replay(primary, standby)
      await createSlot(primary, standby, cdc)
      const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
      const extra = { jdbc_url_params: `options=${encodeURIComponent(options)}` }
      const first = await syncOn(standby, cdc, { extra })
      expect(idsOf(first)).to.deep.equal([1])
      await cdc.sql('INSERT INTO t VALUES (2); UPDATE t SET id = 3 WHERE id = 1')
      await replay(primary, standby)
      const second = await syncOn(standby, cdc, { state: lastState(first), extra })
      expect(idsOf(second)).to.deep.equal([2, 1, 3])
      const third = await syncOn(standby, cdc, { state: lastState(second), extra })
      expect(idsOf(third)).to.deep.equal([])
    })
  }

  it('a transaction that is open on the primary during the snapshot of a standby is not lost', async () => {
    await using primary = await Server.start()
    await using cdc = await CdcDatabase.create(TABLE, { server: primary })
    await cdc.dropSlot()
    await using standby = await primary.createStandby({ hot_standby_feedback: 'on' })
    await replay(primary, standby)
    await createSlot(primary, standby, cdc)
    await using open = await cdc.db.session()
    await open.sql('BEGIN; INSERT INTO t VALUES (2)')
    await cdc.sql('INSERT INTO t VALUES (3)')
    await replay(primary, standby)
    const first = await syncOn(standby, cdc)
    await open.sql('COMMIT')
    await replay(primary, standby)
    const second = await syncOn(standby, cdc, { state: lastState(first) })
    lastState(second)
    const ids = [...idsOf(first), ...idsOf(second)]
    expect(new Set(ids)).to.deep.equal(new Set([1, 2, 3]))
  })

  for (const isSynced of [true, false]) {
    if (isSynced && major < 17) continue
    it(`a promoted standby ${isSynced ? 'with a copy of the slot continues the state' : 'without it reports the slot'}`, async () => {
      await using primary = await Server.start()
      await using cdc = await CdcDatabase.create(TABLE, { server: primary })
      await cdc.dropSlot()
      const { name } = cdc.db
      const source = `host=127.0.0.1 port=${primary.port} user=postgres password=password dbname=${name}`
      const copies = {
        hot_standby_feedback: 'on',
        sync_replication_slots: 'on',
        primary_slot_name: 'of_standby',
        primary_conninfo: source,
      }
      await using standby = await primary.createStandby(isSynced ? copies : {})
      if (isSynced) await cdc.sql("SELECT pg_create_physical_replication_slot('of_standby')")
      const options = major >= 17 ? ', false, false, true' : ''
      await cdc.sql(
        `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${options})`,
      )
      let state = lastState(await syncOn(primary, cdc))
      for (let isReady = !isSynced; !isReady;) {
        // A copy is persistent after the slot on the primary has moved
        state = lastState(await syncOn(primary, cdc, { state }))
        const slots = await standby.query(
          'SELECT FROM pg_replication_slots WHERE synced AND NOT temporary',
        )
        isReady = slots.length > 0
      }
      await cdc.sql('INSERT INTO t VALUES (2)')
      await replay(primary, standby)
      const catalogOf = await incrementalCatalog(cdc)
      await primary.stop('immediate')
      await standby.query('SELECT pg_promote()')
      await standby.query('INSERT INTO t VALUES (3)', name)
      await using connector = await withConnector(cdc.config({}, { port: standby.port }))
      const run = await connector.read({ catalog: catalogOf, state: [state] })
      if (isSynced) {
        expect(run.errors).to.deep.equal([])
        expect(idsOf(run)).to.deep.equal([2, 3])
      } else {
        expect(run.errors.map(({ message }) => message)).to.deep.equal([
          `Replication slot "${cdc.slot}" does not exist. Run: SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${options});`,
        ])
      }
    })
  }
})
