import pg from 'pg'
import type { CdcDatabase } from './cdc-database.ts'

/** Another client that reads from the slot until it is disposed of. */
export async function otherReader(cdc: CdcDatabase): Promise<AsyncDisposable> {
  const { server, name } = cdc.db
  // It sends nothing to the server, which must not end its connection
  const options = '-c wal_sender_timeout=0'
  const parts = { replication: 'database', application_name: 'other_reader', options }
  const client = new pg.Client({ ...server.connectionConfig(name), ...parts })
  client.on('error', () => undefined)
  await client.connect()
  const reading = client
    .query(
      `START_REPLICATION SLOT "${cdc.slot}" LOGICAL 0/0 (proto_version '1', publication_names 'p')`,
    )
    .catch(() => undefined)
  for (let isActive = false; !isActive;) {
    const [slot] = await cdc.sql(
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    isActive = slot?.['active'] === 't'
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await cdc.sql(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
      )
      await reading
    },
  }
}
