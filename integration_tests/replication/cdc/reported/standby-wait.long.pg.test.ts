import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

/** First version with synchronized_standby_slots and slots that are kept after a failover. */
const SINCE = 17

describe('a walsender that waits for a standby which no longer runs (synchronized_standby_slots)', () => {
  if (requestedMajor() < SINCE) return

  it('fails the sync after initial_waiting_seconds and frees the slot; the next sync continues', async () => {
    await using server = await Server.start()
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY)', { server })
    await cdc.dropSlot()
    await cdc.sql(
      `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput', false, false, true)`,
    )
    await cdc.sql("SELECT pg_create_physical_replication_slot('of_standby')")
    const state = lastState(await sync(cdc))
    await server.query("ALTER SYSTEM SET synchronized_standby_slots = 'of_standby'")
    await server.query('SELECT pg_reload_conf()')
    await cdc.sql('INSERT INTO t VALUES (1)')
    const method = { initial_waiting_seconds: 2 }
    const { errors, records } = await sync(cdc, { state, method, config: { max_retries: 1 } })
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
    expect(errors[0]?.message).to.include(
      'made no progress in the log for 2 s (initial_waiting_seconds): it waits for a standby of synchronized_standby_slots.',
    )
    expect(records).to.deep.equal([])
    const [slot] = await cdc.sql(
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    expect(slot).to.deep.equal({ active: 'f' })
    await server.query('ALTER SYSTEM RESET synchronized_standby_slots')
    await server.query('SELECT pg_reload_conf()')
    const next = await sync(cdc, { state })
    lastState(next)
    expect(next.records.map(({ data }) => data['id'])).to.deep.equal([1])
  })
})
