import { Server } from '../../helpers/server.ts'
import type { CdcDatabase } from './cdc-database.ts'

/** Since then the server limits the log that a slot retains. */
const MAJOR_WITH_LIMIT = 13

/**
 * A server with small segments of log, which it removes soon.
 * @param keepMb `max_slot_wal_keep_size`.
 */
export async function startSmallLog(
  keepMb: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const server = await Server.start({
    settings: { min_wal_size: '2MB', max_wal_size: '2MB', ...settings },
    initdbArgs: ['--wal-segsize=1'],
  })
  if (server.major >= MAJOR_WITH_LIMIT) {
    await server.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '${keepMb}MB'`)
    await server.query('SELECT pg_reload_conf()')
  }
  return server
}

/**
 * Writes log, with a checkpoint after each megabyte, until a condition over the slot's row in
 * pg_replication_slots is true.
 */
export async function fillLog(cdc: CdcDatabase, condition: string): Promise<void> {
  for (let isReached = false; !isReached;) {
    await writeLog(cdc)
    await cdc.sql('CHECKPOINT')
    const [slot] = await cdc.sql(
      `SELECT ${condition} AS reached FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    isReached = slot?.['reached'] === 't'
  }
}

/** Writes about a megabyte of log. */
export async function writeLog(cdc: CdcDatabase): Promise<void> {
  await cdc.sql('CREATE TABLE IF NOT EXISTS filler (v text)')
  await cdc.sql('INSERT INTO filler SELECT repeat(i::text, 100) FROM generate_series(1, 1000) AS i')
  await cdc.sql('SELECT pg_switch_wal()')
}
