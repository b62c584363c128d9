import { setTimeout as sleep } from 'node:timers/promises'
import { PgBouncer } from '../../postgres/session/pgbouncer.ts'
import type { Server } from '../../helpers/server.ts'
import type { CdcDatabase } from '../cdc/cdc-database.ts'
import { type CdcMistake, NEWEST, type BrokenSetup } from './mistake.ts'

/** Mistakes that need another server or another setting. The last one ends decoding permanently. */
export const TOPOLOGY_MISTAKES: readonly CdcMistake[] = [
  {
    mistake: 'host and port are those of a pooler',
    command: 'check',
    needs: '/usr/sbin/pgbouncer',
    spoil: async (cdc) => {
      const bouncer = await PgBouncer.start(cdc.db.server)
      return {
        config: { port: bouncer.port },
        values: { PORT: String(bouncer.port) },
        [Symbol.asyncDispose]: async () => await bouncer[Symbol.asyncDispose](),
      }
    },
    message:
      '"127.0.0.1", port PORT, is a pooler, and CDC needs a direct connection. Set host and port to those of the server.',
  },
  {
    mistake: 'The server is a standby, before PostgreSQL 16',
    command: 'check',
    majors: [12, 15],
    spoil: async (cdc) => await onStandby(cdc),
    message:
      'The server is a standby, and PostgreSQL N cannot decode the log of a standby. Set host to the primary.',
  },
  {
    mistake: 'The server is a standby, and the slot is on its primary',
    command: 'check',
    majors: [16, NEWEST],
    spoil: async (cdc) => await onStandby(cdc),
    message: `Replication slot "SLOT" does not exist. Run: SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput');`,
  },
  {
    mistake: 'The server is a standby, and the slot a copy of that of its primary',
    command: 'check',
    majors: [17, NEWEST],
    spoil: async (cdc) => await onStandby(cdc, ', false, false, true'),
    message: `Replication slot "SLOT" is synchronized from the primary, and cannot be read on a standby. Set host to the primary, or choose another replication_slot and run on the standby: SELECT pg_create_logical_replication_slot('<name>', 'pgoutput');`,
  },
  {
    mistake: 'wal_level is not logical',
    command: 'check',
    spoil: async (cdc) => {
      await cdc.dropSlot()
      await cdc.db.server.restart({ settings: { wal_level: 'replica' } })
    },
    message:
      "wal_level is replica, and CDC needs logical. Run: ALTER SYSTEM SET wal_level = 'logical'; and restart the server. On RDS and Aurora set rds.logical_replication to 1 in the parameter group, on Cloud SQL the flag cloudsql.logical_decoding to on. Replication slot \"SLOT\" does not exist. Run: SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput'OPTIONS);",
  },
]

/**
 * Connects to a standby. The slot is created on the primary with `options`, which may allow the
 * standby to copy it.
 */
async function onStandby(cdc: CdcDatabase, options = ''): Promise<Partial<BrokenSetup>> {
  const { server, name } = cdc.db
  const isCopied = options !== ''
  await cdc.dropSlot()
  const standby = await server.createStandby(
    isCopied
      ? {
          hot_standby_feedback: 'on',
          sync_replication_slots: 'on',
          primary_slot_name: 'of_standby',
          primary_conninfo: `host=127.0.0.1 port=${server.port} user=postgres password=password dbname=${name}`,
        }
      : {},
  )
  if (isCopied) await cdc.sql("SELECT pg_create_physical_replication_slot('of_standby')")
  await cdc.sql(`SELECT pg_create_logical_replication_slot('${cdc.slot}', 'pgoutput'${options})`)
  if (isCopied) await waitForCopy(standby)
  return {
    config: { port: standby.port },
    [Symbol.asyncDispose]: async () => {
      await standby[Symbol.asyncDispose]()
      await server.restart()
      if (isCopied) await server.query("SELECT pg_drop_replication_slot('of_standby')")
    },
  }
}

async function waitForCopy(standby: Server): Promise<void> {
  for (let copies = 0; copies === 0;) {
    const slots = await standby.query('SELECT FROM pg_replication_slots WHERE synced')
    copies = slots.length
    await sleep(100)
  }
}
