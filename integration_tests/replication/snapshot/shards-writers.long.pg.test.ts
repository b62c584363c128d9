import { expect } from 'chai'
import { once } from 'node:events'
import { requestedMajor } from '../../helpers/binaries.ts'
import { runConnector, startConnector, withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'
import { contentIn, readAll, ShardHolder } from './shard-holder.ts'

/** First version in which a table can be read by ranges of its pages. */
const MAJOR_WITH_RANGES = 14
const SEEDS = [1, 2, 3, 4]
const WRITERS = 2
const MAX_ID = 6000
const SLOW = { type: 'throttle', bytesPerSecond: 2e6 } as const

/** Random integers from 0 to `limit` - 1, the same for the same seed. */
function randomIntegers(seed: number): (limit: number) => number {
  let state = seed * 2654435761
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function createTable(random: (limit: number) => number): string {
  const rows = random(MAX_ID)
  const fill = 10 + random(91)
  const filler = `repeat('x', ${random(600)} + n % 7)`
  const insert = `INSERT INTO t SELECT n, ${filler} FROM generate_series(0, ${rows}) AS n`
  const bloat = `DELETE FROM t WHERE id % ${2 + random(5)} = 0`
  if (random(2) === 0) {
    return `CREATE TABLE t (id int, v text) WITH (fillfactor = ${fill}); ${insert}; ${bloat}`
  }
  const cut = random(MAX_ID)
  return `CREATE TABLE t (id int, v text) PARTITION BY RANGE (id);
    CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO (${cut}) WITH (fillfactor = ${fill});
    CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (${cut}) TO (MAXVALUE); ${insert}; ${bloat}`
}

/**
 * One change: an update may move a row to another page or partition, and vacuum may remove pages.
 */
function change(random: (limit: number) => number): string {
  const ids = `id % 37 = ${random(37)}`
  const changes = [
    `UPDATE t SET v = v || 'y' WHERE ${ids}`,
    `UPDATE t SET id = ${MAX_ID} - id WHERE ${ids}`,
    `DELETE FROM t WHERE ${ids}`,
    `DELETE FROM t WHERE id > ${random(MAX_ID)}`,
    `INSERT INTO t SELECT n, 'new' FROM generate_series(0, ${random(500)}) AS n`,
    'VACUUM t',
  ]
  return changes[random(changes.length)]!
}

/** Writes until the signal; statements that conflict with another one are skipped. */
async function write(db: TestDatabase, seed: number, signal: AbortSignal): Promise<number> {
  const random = randomIntegers(seed)
  await using session = await db.session()
  let written = 0
  while (!signal.aborted) {
    await session.sql(change(random)).then(
      () => written++,
      () => undefined,
    )
  }
  return written
}

describe('shards of a table that is being written', () => {
  for (const seed of SEEDS) {
    it(`are its snapshot, each row once, with random changes during the read, seed ${seed}`, async () => {
      const random = randomIntegers(seed)
      await using db = await TestDatabase.create()
      await db.sql(createTable(random))
      await using connector = await withConnector(db.config())
      const stop = new AbortController()
      const writers = Array.from({ length: WRITERS }, async (_, index) => {
        return await write(db, 100 * seed + index, stop.signal)
      })
      try {
        const count = requestedMajor() >= MAJOR_WITH_RANGES ? 1 + random(5) : 1
        await using holder = await ShardHolder.start(connector, { stream: 'public.t', count })
        const [rows, expected] = await Promise.all([
          readAll(connector, holder),
          contentIn(db, holder.shards[0]!.snapshot),
        ])
        expect(rows).to.deep.equal(expected)
      } finally {
        stop.abort()
      }
      const written = await Promise.all(writers)
      expect(Math.min(...written)).to.be.above(0)
    })
  }
})

describe('shards whose holder is killed', () => {
  it('finish if they have begun, and fail with a message otherwise', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE t AS SELECT n AS id, repeat('x', 500) AS v FROM generate_series(1, 10000) AS n`,
    )
    await using proxy = await FaultProxy.start(db.server.port, SLOW)
    await using slow = await withConnector(db.config({ port: proxy.port }))
    await using connector = await withConnector(db.config())
    const holder = await ShardHolder.start(connector, { stream: 'public.t', count: 1 })
    const args = ['--shard', holder.lines[0]!]
    await using running = startConnector(['read', '--config', slow.configFile, ...args])
    let rows = 0
    for await (const { record } of running.messages()) {
      if (record === undefined) continue
      if (rows++ > 0) continue
      holder.process.kill('SIGKILL')
      await once(holder.process, 'exit')
    }
    expect((await running.ended).code).to.equal(0)
    expect(rows).to.equal(10_000)
    const late = await runConnector(['read', '--config', connector.configFile, ...args])
    expect(late.records).to.deep.equal([])
    expect(late.errors.map(({ message }) => message)).to.match(
      /snapshot of the shard has been released/,
    )
  })
})
