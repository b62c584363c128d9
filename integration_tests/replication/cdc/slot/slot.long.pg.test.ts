import { expect } from 'chai'
import type { Json, StateMessage } from '../../../helpers/messages.ts'
import { TestDatabase } from '../../../helpers/database.ts'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { confirmed, lsnOf, offsetOf } from '../slot-position.ts'
import { fillLog, startSmallLog } from '../small-log.ts'
import { lastState, sync } from '../sync.ts'

const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'a');`

/** Returns `state` with another offset. */
function withOffset(state: StateMessage, change: Json, key = offsetOf(state).key): StateMessage {
  const value = { ...offsetOf(state).value, ...change }
  const shared_state = { state: { [key]: JSON.stringify(value) } }
  return { ...state, global: { ...state.global, shared_state } }
}

describe('the slot in CDC mode', () => {
  it('never passes the given state, equals it after the run, and moves in idle syncs', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    await using other = await TestDatabase.create()
    const created = await confirmed(cdc)
    let run = await sync(cdc)
    let state = lastState(run)
    expect(await confirmed(cdc), 'there was no state').to.equal(created)
    for (let round = 0; round < 3; round++) {
      await other.sql(
        'CREATE TABLE IF NOT EXISTS t (a text); INSERT INTO t SELECT repeat(i::text, 100) FROM generate_series(1, 1000) AS i',
      )
      if (round === 1) await cdc.sql(`INSERT INTO users VALUES (${round + 10}, 'b')`)
      run = await sync(cdc, { state })
      expect(await confirmed(cdc), `round ${round}`).to.equal(lsnOf(state))
      expect(run.states).to.have.length(1)
      expect(lsnOf(lastState(run)) > lsnOf(state), `round ${round}`).to.equal(true)
      state = lastState(run)
    }
  })

  it('follows the emitted states with "While reading Data"', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const method = { lsn_commit_behaviour: 'While reading Data' }
    const state = lastState(await sync(cdc, { method }))
    for (let id = 10; id < 20; id++) await cdc.sql(`INSERT INTO users VALUES (${id}, 'b')`)
    const run = await sync(cdc, { method, state, config: { batch_size: 1 } })
    expect((await confirmed(cdc)) > lsnOf(state)).to.equal(true)
    expect((await confirmed(cdc)) <= lsnOf(lastState(run))).to.equal(true)
  })

  it('has one byte more than the stored position, which no message of the log equals', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    // The first state of an idle server is at the slot, and may not be below it
    const first = lastState(await sync(cdc))
    await cdc.sql("INSERT INTO users VALUES (10, 'b')")
    const state = lastState(await sync(cdc, { state: first }))
    expect(lsnOf(state) % 8n).to.equal(7n)
  })
})

describe('a sync that cannot continue', () => {
  const resync = { invalid_cdc_cursor_position_behavior: 'Re-sync data' }
  const cases: readonly (readonly [
    string,
    (cdc: CdcDatabase, state: StateMessage) => Promise<StateMessage>,
    RegExp,
  ])[] = [
    [
      'a slot that was re-created',
      async (cdc, state) => {
        await cdc.dropSlot()
        await cdc.sql("INSERT INTO users VALUES (9, 'lost')")
        await cdc.createSlot()
        return state
      },
      /^Replication slot "\w+" has advanced beyond the saved state: it is at \S+, the state at \S+\. \S+ (bytes|kB|MB) of changes in between are lost\./,
    ],
    [
      'a state of another server',
      (_, state) => Promise.resolve(withOffset(state, { system_id: '1' })),
      /^The saved state is of another server: its system identifier is 1, that of the server \d+\./,
    ],
    [
      'a state ahead of the log',
      (_, state) => {
        const lsn = 2 ** 52
        return Promise.resolve(withOffset(state, { lsn, lsn_proc: lsn, lsn_commit: lsn }))
      },
      /^The saved state is at 100000\/0, ahead of the server's log, which ends at /,
    ],
    [
      'a publication that was re-created',
      async (cdc, state) => {
        await cdc.sql('DROP PUBLICATION p; CREATE PUBLICATION p FOR ALL TABLES')
        return state
      },
      /^The publication was dropped and re-created since the saved state: changes in between are lost\./,
    ],
  ]
  for (const [name, spoil, message] of cases) {
    it(`${name}: fails, or reads all streams from the start`, async () => {
      await using cdc = await CdcDatabase.create(USERS)
      const state = await spoil(cdc, lastState(await sync(cdc)))
      const failed = await sync(cdc, { state })
      expect(failed.code).to.equal(1)
      expect(failed.errors.map((error) => error.failure_type)).to.deep.equal(['config_error'])
      expect(failed.errors[0]?.message).to.match(message)
      expect(failed.records).to.deep.equal([])
      // Up to 17, a publication that is younger than the slot cannot be read: the slot is created
      // again, too
      if (name.includes('publication') && requestedMajor() < 18) return
      const again = await sync(cdc, { state, method: resync })
      expect(again.logs.map(({ message: text }) => text).join('\n')).to.include(
        'All streams are read from the start.',
      )
      expect((await confirmed(cdc)) <= lsnOf(lastState(again)), 'the slot').to.equal(true)
      const rows = await cdc.sql('SELECT id FROM users')
      expect(again.records).to.have.length(rows.length)
      expect((await sync(cdc, { state: lastState(again) })).records).to.deep.equal([])
    })
  }

  it('a missing slot: fails with the statement, for any config', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const state = lastState(await sync(cdc))
    await cdc.dropSlot()
    const { errors } = await sync(cdc, { state, method: resync })
    expect(errors[0]?.message).to.include(`Replication slot "${cdc.slot}" does not exist.`)
  })

  it('a slot whose log was removed: fails with the statements, for any config', async () => {
    if (requestedMajor() < 13) return
    await using server = await startSmallLog(1)
    await using cdc = await CdcDatabase.create(USERS, { server })
    const state = lastState(await sync(cdc))
    await fillLog(cdc, "wal_status = 'lost'")
    const { errors } = await sync(cdc, { state, method: resync })
    expect(errors[0]?.failure_type).to.equal('config_error')
    expect(errors[0]?.message).to.match(
      /is invalidated \(\w+\): the server has removed the log that it needs\. \S+ MB of changes since its position are lost\. Run: SELECT pg_drop_replication_slot/,
    )
  })
})

describe('states of the official connector', () => {
  it('are continued from their position, under their own key', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const state = lastState(await sync(cdc))
    const lsn = Number(lsnOf(state)) + 1
    await cdc.sql("INSERT INTO users VALUES (2, 'b')")
    const key = '["shop",{"server":"shop"}]'
    const descriptor = { name: 'users', namespace: 'public' }
    const official = (value: Json, stream_state: Json | null): Record<string, unknown> => ({
      type: 'GLOBAL',
      global: {
        shared_state: { state: { [key]: JSON.stringify(value) } },
        stream_states:
          stream_state === null ? [] : [{ stream_descriptor: descriptor, stream_state }],
      },
    })
    const finished37 = { stream_name: 'users', stream_namespace: 'public', cursor_field: [] }
    const finished38 = { version: 3, state_type: 'ctid_based', cursors: {} }
    const cold = { transaction_id: null, lsn, txId: 756, ts_usec: 1700000000000000 }
    const streaming = { ...cold, lsn_proc: lsn, lsn_commit: lsn, messageType: 'COMMIT' }
    const [file] = await cdc.sql("SELECT pg_relation_filenode('users') AS node")
    const page = { ctid: '(0,1)', relation_filenode: Number(file?.['node']) }
    const reading37 = { version: 2, state_type: 'ctid', ...page, incremental_state: {} }
    const reading38 = { version: 3, state_type: 'ctid_based', ...page, cursors: {} }
    const data = {
      cdc: true,
      cdc_state: { state: { [key]: JSON.stringify(cold) } },
      streams: [finished37],
    }
    for (const [name, given, ids] of [
      ['3.7, cold', official(cold, finished37), [2]],
      [
        '3.7, after the log',
        official(streaming, { ...finished37, cursor_field: ['_ab_cdc_lsn'] }),
        [2],
      ],
      ['3.8', official({ ...cold, lsn_proc: lsn, lsn_commit: lsn }, finished38), [2]],
      ['3.8, not started', official(streaming, {}), [1, 2]],
      // The row is on the page and in the log, and the state does not contain the view of its
      // snapshot
      ['3.7, in the snapshot', official(cold, reading37), [2, 2]],
      ['3.8, in the snapshot', official(cold, reading38), [2, 2]],
      ['3.7, before its snapshot', official(cold, null), [1, 2]],
      ['3.7, with a legacy copy', { ...official(cold, finished37), data }, [2]],
      ['legacy', { type: 'LEGACY', data }, [2]],
    ] as const) {
      const run = await sync(cdc, { state: given })
      expect(
        run.records.map((record) => record.data['id']),
        name,
      ).to.deep.equal(ids)
      expect(offsetOf(lastState(run)).key, name).to.equal(key)
    }
  })
})
