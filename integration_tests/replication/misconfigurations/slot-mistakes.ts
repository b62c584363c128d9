import { setTimeout as sleep } from 'node:timers/promises'
import { CdcDatabase } from '../cdc/cdc-database.ts'
import { otherReader } from '../cdc/other-reader.ts'
import { fillLog } from '../cdc/small-log.ts'
import { type CdcMistake, NEWEST, TABLE } from './mistake.ts'

const CREATE = "Run: SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);"
const CREATE_OTHER =
  "Choose another replication_slot and run: SELECT pg_create_logical_replication_slot('<name>', 'pgoutput'OPTIONS);"

/** Mistakes in the slot, and in the server's settings for slots. */
export const SLOT_MISTAKES: readonly CdcMistake[] = [
  {
    mistake: 'The slot does not exist',
    command: 'check',
    spoil: async (cdc) => await cdc.dropSlot(),
    message: `Replication slot "SLOT" does not exist. ${CREATE}`,
  },
  {
    mistake: 'The slot is a physical one',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      await cdc.sql(`SELECT pg_create_physical_replication_slot('${cdc.slot}')`)
    },
    message: `Replication slot "SLOT" is a physical slot. ${CREATE_OTHER}`,
  },
  {
    mistake: 'The slot has another plugin',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      await cdc.createSlot('test_decoding')
    },
    message: `Replication slot "SLOT" has the plugin test_decoding, not pgoutput. ${CREATE_OTHER}`,
  },
  {
    mistake: 'The slot belongs to another database',
    command: 'check',
    spoil: async (cdc) => {
      const other = await CdcDatabase.create(TABLE, { server: cdc.db.server })
      return {
        method: { replication_slot: other.slot },
        values: { OTHER: other.slot },
        [Symbol.asyncDispose]: async () => await other[Symbol.asyncDispose](),
      }
    },
    message:
      'Replication slot "OTHER" belongs to database "OTHER", not to "SLOT". Choose another replication_slot.',
  },
  {
    mistake: 'The slot is temporary',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      const session = await cdc.db.session()
      await session.sql(
        `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput', true)`,
      )
      return { [Symbol.asyncDispose]: async () => await session[Symbol.asyncDispose]() }
    },
    message:
      'Replication slot "SLOT" is temporary: it is dropped with the session that created it. Choose another replication_slot.',
  },
  {
    mistake: 'The slot was created with two_phase',
    command: 'check',
    majors: [15, NEWEST],
    spoil: async (cdc) => {
      await cdc.dropSlot()
      await cdc.sql(
        `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput', false, true)`,
      )
    },
    message: `Replication slot "SLOT" was created with two_phase, and sends transactions before they are committed. Run: SELECT pg_drop_replication_slot('SLOT'); SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);`,
  },
  {
    mistake: 'The slot is still being created',
    command: 'read',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      const old = await cdc.db.session()
      await old.sql('BEGIN; SELECT txid_current()')
      const creator = await cdc.db.session()
      const created = creator.sql(
        `SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput')`,
      )
      const exists = `SELECT FROM pg_replication_slots WHERE slot_name = '${cdc.slot}' AND restart_lsn IS NOT NULL`
      while ((await cdc.sql(exists)).length === 0) await sleep(5)
      const release = async (): Promise<void> => {
        await old[Symbol.asyncDispose]()
        await created
        await creator[Symbol.asyncDispose]()
      }
      return { [Symbol.asyncDispose]: release }
    },
    message:
      'Replication slot "SLOT" is still being created by process N: it waits for the end of older transactions. End them, or wait until the statement has returned.',
  },
  {
    mistake: 'Another process reads from the slot',
    command: 'check',
    spoil: async (cdc) => await otherReader(cdc),
    message:
      'Replication slot "SLOT" is in use by process N (other_reader from ADDRESS, since TIME). A slot has one reader.',
  },
  {
    mistake: 'Another process reads from the slot, for longer than a sync waits',
    command: 'read',
    spoil: async (cdc) => await otherReader(cdc),
    message:
      'Replication slot "SLOT" is still in use by process N (other_reader from ADDRESS, since TIME) after N s. A slot has one reader. ' +
      'If that is another connection, give each a replication_slot of its own; if it is a session that was left over, run: SELECT pg_terminate_backend(N); and run the sync again.',
  },
  {
    mistake: 'No replication slot is left',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.sql(
        `SELECT pg_create_physical_replication_slot('spare_' || i) FROM generate_series(1, current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots)) AS i`,
      )
      const drop = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name LIKE 'spare%'`
      return { [Symbol.asyncDispose]: async () => void (await cdc.sql(drop)) }
    },
    message:
      'N of N are in use (max_replication_slots). Raise max_replication_slots and restart the server.',
  },
  {
    mistake: 'The slot is nearly idle_replication_slot_timeout old',
    command: 'check',
    majors: [18, NEWEST],
    spoil: async (cdc) => {
      await cdc.sql("ALTER SYSTEM SET idle_replication_slot_timeout = '6s'")
      await cdc.sql('SELECT pg_reload_conf()')
      await cdc.sql('SELECT pg_sleep(2.1)')
      return {
        [Symbol.asyncDispose]: async () => await reset(cdc, 'idle_replication_slot_timeout'),
      }
    },
    message:
      'Replication slot "SLOT" was idle for N s, and idle_replication_slot_timeout is N s. Raise it or sync more often.',
  },
  {
    mistake: 'The slot was idle for longer than idle_replication_slot_timeout',
    command: 'check',
    majors: [18, NEWEST],
    spoil: async (cdc) => {
      await cdc.sql("ALTER SYSTEM SET idle_replication_slot_timeout = '1s'")
      await cdc.sql('SELECT pg_reload_conf()')
      await fillLog(cdc, "invalidation_reason = 'idle_timeout'")
      return {
        [Symbol.asyncDispose]: async () => await reset(cdc, 'idle_replication_slot_timeout'),
      }
    },
    message:
      'Replication slot "SLOT" is invalidated (idle_timeout): no process read from it for longer than idle_replication_slot_timeout. SIZE of changes since its position are lost. ' +
      "Run: SELECT pg_drop_replication_slot('SLOT'); SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS); Then clear the data of the connection. " +
      'Raise idle_replication_slot_timeout or sync more often to keep it from happening again.',
  },
  {
    mistake: 'The slot has lost its log',
    command: 'check',
    majors: [13, NEWEST],
    spoil: async (cdc) => {
      await cdc.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
      await cdc.sql('SELECT pg_reload_conf()')
      await fillLog(cdc, "wal_status = 'lost'")
      return { [Symbol.asyncDispose]: async () => await reset(cdc, 'max_slot_wal_keep_size') }
    },
    message:
      'Replication slot "SLOT" is invalidated (REASON): the server has removed the log that it needs. SIZE of changes since its position are lost. ' +
      "Run: SELECT pg_drop_replication_slot('SLOT'); SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS); Then clear the data of the connection. " +
      'Raise max_slot_wal_keep_size or sync more often to keep it from happening again.',
  },
]

async function reset(cdc: CdcDatabase, setting: string): Promise<void> {
  await cdc.sql(`ALTER SYSTEM RESET ${setting}`)
  await cdc.sql('SELECT pg_reload_conf()')
}
