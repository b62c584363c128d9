import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attempt, Consumer, idsOf, range, statusesOf } from '../../helpers/consumer.ts'
import { TestDatabase } from '../../helpers/database.ts'
import type { Message } from '../../helpers/messages.ts'
import { ONE_READER } from '../../helpers/one-reader.ts'

const POLL_INTERVAL_MS = 20
/** Rows of a leaf, more than the output buffers and the pipe can hold. */
const ROWS = 20_000
const LEAVES = `
  CREATE TABLE t (id int, note text) PARTITION BY RANGE (id);
  CREATE TABLE a PARTITION OF t FOR VALUES FROM (0) TO (${ROWS});
  CREATE TABLE b PARTITION OF t FOR VALUES FROM (${ROWS}) TO (${2 * ROWS});
  INSERT INTO t SELECT n, repeat('x', 200) FROM generate_series(0, ${2 * ROWS - 1}) AS n;`
/** The snapshot is taken before it is read, and the other stream is read after it. */
const SLOW = `CREATE VIEW slow AS SELECT -1 AS id FROM pg_sleep(1);`

interface Changes {
  /** After the snapshot, before the stream is read. */
  readonly whileSlow: string
  /** While the stream is read. */
  readonly whileRead?: string
}

async function syncWith(
  database: TestDatabase,
  stream: string,
  { whileSlow, whileRead }: Changes,
): Promise<Attempt> {
  await database.sql(SLOW)
  const streams = [{ name: 'slow' }, { name: stream }]
  await using consumer = await Consumer.create(database, streams, ONE_READER)
  await using running = await consumer.start()
  const changing = untilSlowIsRead(database).then(async () => await database.sql(whileSlow))
  const messages: Message[] = []
  let changed: Promise<unknown> | null = null
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.record?.stream !== stream || changed !== null || whileRead === undefined) continue
    changed = database.sql(`SET lock_timeout = '1s'; ${whileRead}`).catch(() => null)
    await changed
  }
  await changing
  return { messages, ...(await running.ended) }
}

async function untilSlowIsRead({ server, name }: TestDatabase): Promise<void> {
  const sql = `SELECT 1 FROM pg_stat_activity
    WHERE datname = '${name}' AND state = 'active' AND query ~ '^COPY.*slow'`
  while ((await server.query(sql)).length === 0) await sleep(POLL_INTERVAL_MS)
}

describe('a change after the snapshot was taken', () => {
  it('a leaf is detached, and truncated while another one is read → its rows are read', async () => {
    await using database = await TestDatabase.create()
    await database.sql(LEAVES)
    const changes = { whileSlow: 'ALTER TABLE t DETACH PARTITION b', whileRead: 'TRUNCATE b' }
    const attempt = await syncWith(database, 't', changes)
    expect(idsOf(attempt.messages, 't')).to.deep.equal(range(0, 2 * ROWS - 1))
    expect(statusesOf(attempt).at(-1)).to.equal('t: COMPLETE')
  })

  it('a leaf is detached and dropped while another one is read → its rows are read', async () => {
    await using database = await TestDatabase.create()
    await database.sql(LEAVES)
    const changes = { whileSlow: 'ALTER TABLE t DETACH PARTITION b', whileRead: 'DROP TABLE b' }
    const attempt = await syncWith(database, 't', changes)
    expect(idsOf(attempt.messages, 't')).to.deep.equal(range(0, 2 * ROWS - 1))
  })

  it('a leaf is detached and renamed → a new snapshot has the others', async () => {
    await using database = await TestDatabase.create()
    await database.sql(LEAVES)
    const whileSlow = 'ALTER TABLE t DETACH PARTITION b; ALTER TABLE b RENAME TO c'
    const attempt = await syncWith(database, 't', { whileSlow })
    expect(attempt.code).to.equal(0)
    expect(idsOf(attempt.messages, 't')).to.deep.equal(range(0, ROWS - 1))
  })

  for (const [what, view] of [
    ['a view', 'CREATE VIEW v AS SELECT id FROM x'],
    ['a view of a view', 'CREATE VIEW w AS SELECT id FROM x; CREATE VIEW v AS SELECT id FROM w'],
    ['a view of a partitioned table', 'CREATE VIEW v AS SELECT id FROM t'],
  ] as const) {
    it(`the table of ${what} is replaced by other rows → these are read`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(`
        CREATE TABLE t (id int) PARTITION BY RANGE (id);
        CREATE TABLE x PARTITION OF t FOR VALUES FROM (0) TO (100);
        INSERT INTO x VALUES (1); ${view}`)
      const whileSlow = 'BEGIN; TRUNCATE x; INSERT INTO x VALUES (2); COMMIT'
      const attempt = await syncWith(database, 'v', { whileSlow })
      expect(attempt.code).to.equal(0)
      expect(idsOf(attempt.messages, 'v')).to.deep.equal([2])
    })
  }

  it('a materialized view below a view is refreshed → no new snapshot is needed', async () => {
    await using database = await TestDatabase.create()
    await database.sql(`
      CREATE MATERIALIZED VIEW m AS SELECT 1 AS id; CREATE VIEW v AS SELECT id FROM m`)
    const attempt = await syncWith(database, 'v', { whileSlow: 'REFRESH MATERIALIZED VIEW m' })
    expect(idsOf(attempt.messages)).to.deep.equal([-1, 1])
  })
})
