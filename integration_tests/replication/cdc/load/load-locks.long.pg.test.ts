import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { incrementalCatalog } from '../sync.ts'

/** More than the output buffers can hold, so that the connector waits for the consumer. */
const ROWS = 300_000
const OPEN_LIMIT_MS = 10_000
const LOADED = `CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT i, 'loaded' FROM generate_series(1, 100) AS i;`

/** Waits: short queries of catalogs run beside the log, but none may remain open. */
async function untilNoneOpen(cdc: CdcDatabase): Promise<void> {
  const sql = `SELECT pid, application_name, query FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction'`
  const until = performance.now() + OPEN_LIMIT_MS
  for (;;) {
    const open = await cdc.sql(sql)
    if (open.length === 0) return
    if (performance.now() > until) expect(open).to.deep.equal([])
    await sleep(20)
  }
}

describe('a first sync in CDC mode that reads the log', () => {
  for (const connections of [2, 10]) {
    it(`ALTER TABLE on a loaded table does not wait for it, with max_connections ${connections}`, async () => {
      await using cdc = await CdcDatabase.create(LOADED)
      const catalog = await incrementalCatalog(cdc)
      // It runs after the snapshot was taken, and before the load
      const heartbeat = `SET synchronous_commit = on; INSERT INTO users SELECT 100 + i, repeat('y', 200) FROM generate_series(1, ${ROWS}) AS i ON CONFLICT DO NOTHING`
      const config = cdc.config(
        { heartbeat_action_query: heartbeat },
        { max_connections: connections },
      )
      await using connector = await withConnector(config)
      await using run = await connector.startRead({ catalog })
      for await (const { record } of run.messages()) {
        if (Number(record?.data['id'] ?? 0) > 100) break
      }
      const slots = await cdc.sql(
        `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
      )
      expect(slots).to.deep.equal([{ active: 't' }])
      await cdc.sql("SET lock_timeout = '10s'; ALTER TABLE users ADD COLUMN later int")
      await untilNoneOpen(cdc)
      let last = 0
      for await (const { record } of run.messages()) {
        if (record !== undefined) last = Number(record.data['id'])
      }
      expect([(await run.ended).code, last]).to.deep.equal([0, 100 + ROWS])
    })
  }
})
