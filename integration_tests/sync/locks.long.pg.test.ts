import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, idsOf, statusesOf } from '../helpers/consumer.ts'
import { createMany } from '../helpers/create-many.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Message } from '../helpers/messages.ts'
import { Server } from '../helpers/server.ts'
import { sharedServer } from '../helpers/shared-server.ts'

const TABLES = 600
/** Number of indexes per table: all of them are locked when it is read. */
const INDEXES = 16
const POLL_INTERVAL_MS = 20
/**
 * A lock table of at most a few thousand entries; there are more than 10,000 tables and indexes.
 */
const SMALL_LOCK_TABLE = {
  max_connections: '12',
  max_locks_per_transaction: '10',
  max_prepared_transactions: '0',
  max_wal_senders: '0',
  wal_level: 'minimal',
  max_replication_slots: '0',
}

/** Waits until a backend of the connector reads view `slow`. */
async function untilSlowIsRead({ server, name }: TestDatabase): Promise<void> {
  const sql = `SELECT 1 FROM pg_stat_activity
    WHERE datname = '${name}' AND state = 'active' AND query ~ '^COPY.*slow'`
  while ((await server.query(sql)).length === 0) await sleep(POLL_INTERVAL_MS)
}

describe('locks of a sync', () => {
  it("more tables and indexes than entries in the server's lock table → all are read", async () => {
    await using server = await Server.start({ settings: SMALL_LOCK_TABLE })
    await using database = await TestDatabase.create(server)
    await createMany(
      database,
      TABLES,
      `'CREATE TABLE t_%1$s (id int);' || repeat('CREATE INDEX ON t_%1$s (id);', ${INDEXES}) ||
        'INSERT INTO t_%1$s VALUES (%1$s)', i`,
      10,
    )
    const streams = Array.from({ length: TABLES }, (_, n) => ({ name: `t_${n + 1}` }))
    await using consumer = await Consumer.create(database, streams)
    const { messages } = await consumer.sync()
    expect(idsOf(messages)).to.have.length(TABLES)
  })

  it('a table that has been read can be altered while the next one is being read', async () => {
    await using database = await TestDatabase.create(await sharedServer())
    await database.sql(`
      CREATE TABLE first (id int); INSERT INTO first VALUES (1);
      CREATE VIEW slow AS SELECT 7 AS id FROM pg_sleep(3)`)
    await using consumer = await Consumer.create(database, [{ name: 'first' }, { name: 'slow' }])
    await using running = await consumer.start()
    const altering = untilSlowIsRead(database).then(
      async () => await database.sql(`SET lock_timeout = '1s'; ALTER TABLE first ADD note text`),
    )
    const messages: Message[] = []
    for await (const message of running.messages()) messages.push(message)
    await altering
    const attempt = { messages, ...(await running.ended) }
    expect(attempt.code).to.equal(0)
    expect(idsOf(messages)).to.deep.equal([1, 7])
    expect(statusesOf(attempt).at(-1)).to.equal('slow: COMPLETE')
  })
})
