import type { CdcDatabase } from './cdc-database.ts'

/** A commit that is in the log, but that no snapshot shows. */
export interface HangingCommit extends AsyncDisposable {
  /** Ends the wait of the commit. */
  release(): Promise<void>
}

/**
 * Starts a commit that waits for a synchronous standby that does not exist. The server must not be
 * shared.
 */
export async function hangingCommit(cdc: CdcDatabase, sql: string): Promise<HangingCommit> {
  const { server } = cdc.db
  await server.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
  await server.query('SELECT pg_reload_conf()')
  const writer = await cdc.db.session()
  const [backend] = await writer.sql('SELECT pg_backend_pid() AS pid')
  await writer.sql('SET synchronous_commit = on')
  const hanging = writer.sql(sql)
  for (let isHanging = false; !isHanging;) {
    const [row] = await cdc.sql(
      `SELECT wait_event FROM pg_stat_activity WHERE pid = ${backend?.['pid']}`,
    )
    isHanging = row?.['wait_event'] === 'SyncRep'
  }
  const release = async (): Promise<void> => {
    await server.query('ALTER SYSTEM RESET synchronous_standby_names')
    await server.query('SELECT pg_reload_conf()')
    await hanging
  }
  const dispose = async (): Promise<void> => {
    await release()
    await writer[Symbol.asyncDispose]()
  }
  return { release, [Symbol.asyncDispose]: dispose }
}
