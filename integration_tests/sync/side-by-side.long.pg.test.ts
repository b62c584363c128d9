import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { backendsOf, timeUntilGone } from '../helpers/backends.ts'
import {
  type Attempt,
  Consumer,
  distinct,
  errorsOf,
  idsOf,
  logsOf,
  range,
  statusesOf,
} from '../helpers/consumer.ts'
import { createMany } from '../helpers/create-many.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Message } from '../helpers/messages.ts'
import { Server } from '../helpers/server.ts'

const ROWS = 20_000
const SMALL_ROWS = 20
const LIMIT_MS = 5000
const FIVE = ['a', 'b', 'c', 'd', 'e']
/** Two more than the readers: one holds the snapshot, one runs health queries. */
const FIVE_READERS = { max_connections: 7, batch_size: 1000 }

/** Creates tables that are too large for a group. */
async function createLarge(database: TestDatabase, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await database.sql(`CREATE TABLE ${name} AS
      SELECT n AS id, repeat('x', 600) AS note FROM generate_series(1, ${ROWS}) AS n; ANALYZE ${name}`)
  }
}

/** Creates tables `s_1`, … that are read together, each with different ids. */
async function createSmall(database: TestDatabase, count: number): Promise<string[]> {
  const create = `'CREATE TABLE s_%1$s AS SELECT %1$s * 1000 + n AS id FROM generate_series(1, ${SMALL_ROWS}) AS n', i`
  await createMany(database, count, create)
  return Array.from({ length: count }, (_, index) => `s_${index + 1}`)
}

async function consumerOf(
  database: TestDatabase,
  names: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<Consumer> {
  const streams = names.map((name) => ({ name }))
  return await Consumer.create(database, streams, { application_name: database.name, ...config })
}

/** Reads until `count` streams are being read, then calls a function once. */
async function syncAround(
  consumer: Consumer,
  count: number,
  act: (kill: (signal: NodeJS.Signals) => void) => Promise<unknown>,
): Promise<Attempt> {
  await using running = await consumer.start()
  const messages: Message[] = []
  const begun = new Set<string>()
  let isDone = false
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.record !== undefined) begun.add(message.record.stream)
    if (isDone || begun.size < count) continue
    isDone = true
    await act((signal) => running.process.kill(signal))
  }
  consumer.accept(messages)
  return { messages, ...(await running.ended) }
}

describe('streams that are read side by side', () => {
  it('are read by five backends, each stream in its own order', async () => {
    await using database = await TestDatabase.create()
    await createLarge(database, FIVE)
    await using consumer = await consumerOf(database, FIVE, FIVE_READERS)
    let readers = 0
    const attempt = await syncAround(consumer, FIVE.length, async () => {
      readers = (await backendsOf(database.server, database.name, true)).length
    })
    expect(attempt.code).to.equal(0)
    expect(readers).to.equal(FIVE.length)
    for (const name of FIVE) expect(idsOf(attempt.messages, name)).to.deep.equal(range(1, ROWS))
  })

  it("leave half of the server's free connections to other clients", async () => {
    await using server = await Server.start({ settings: { max_connections: '9' } })
    await using database = await TestDatabase.create(server)
    await createLarge(database, FIVE)
    await using consumer = await consumerOf(database, FIVE, FIVE_READERS)
    let most = 0
    const attempt = await syncAround(consumer, 2, async () => {
      most = (await backendsOf(server, database.name, false)).length
    })
    expect(attempt.code).to.equal(0)
    // Of 9, 3 are reserved for superusers and the querying connection is 1: two readers and the
    // holder of the snapshot
    expect(most).to.equal(3)
    for (const name of FIVE) expect(idsOf(attempt.messages, name)).to.deep.equal(range(1, ROWS))
  })

  it('one fails → it is INCOMPLETE, and the others have all their rows', async () => {
    await using database = await TestDatabase.create()
    await createLarge(database, ['a', 'b', 'c'])
    await database.sql(`CREATE VIEW broken AS SELECT 1 / (${ROWS} - id) AS id, note FROM a`)
    await using consumer = await consumerOf(database, ['a', 'broken', 'b', 'c'], FIVE_READERS)
    const attempt = await consumer.attempt()
    expect(attempt.code).to.equal(1)
    for (const name of ['a', 'b', 'c']) {
      expect(idsOf(attempt.messages, name)).to.deep.equal(range(1, ROWS))
      expect(statusesOf(attempt)).to.include(`${name}: COMPLETE`)
    }
    expect(statusesOf(attempt)).to.include('broken: INCOMPLETE')
    expect(errorsOf(attempt)).to.have.length(1)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} while five are read → a last state of each, INCOMPLETE, no backend; the next sync resumes`, async () => {
      await using database = await TestDatabase.create()
      await createLarge(database, FIVE)
      await using consumer = await consumerOf(database, FIVE, FIVE_READERS)
      const stopped = await syncAround(consumer, FIVE.length, async (kill) => {
        kill(signal)
        await Promise.resolve()
      })
      expect(stopped.code).to.equal(1)
      expect(await timeUntilGone(database.server, database.name, LIMIT_MS)).to.be.below(LIMIT_MS)
      const ends = statusesOf(stopped).filter((status) => status.endsWith('COMPLETE'))
      expect(ends).to.have.length(FIVE.length)
      expect(errorsOf(stopped).map((error) => error.split(':')[0])).to.deep.equal([
        'transient_error',
      ])
      const later = await consumer.sync()
      for (const name of FIVE) {
        const ids = [...idsOf(stopped.messages, name), ...idsOf(later.messages, name)]
        expect(distinct(ids)).to.deep.equal(range(1, ROWS))
      }
    })
  }

  it('one loses its connection → it is resumed, and the others are not affected', async () => {
    await using database = await TestDatabase.create()
    await createLarge(database, FIVE)
    await using consumer = await consumerOf(database, FIVE, FIVE_READERS)
    const attempt = await syncAround(consumer, FIVE.length, async () => {
      await database.server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = '${database.name}' AND query ~ '^COPY.*"c"'`,
      )
    })
    expect(attempt.code).to.equal(0)
    expect(distinct(idsOf(attempt.messages, 'c'))).to.deep.equal(range(1, ROWS))
    for (const name of ['a', 'b', 'd', 'e']) {
      expect(idsOf(attempt.messages, name)).to.deep.equal(range(1, ROWS))
    }
    const retries = logsOf(attempt, 'WARN').filter(({ message }) =>
      message.includes('was interrupted'),
    )
    expect(retries).to.have.length(1)
  })

  it('a consumer that pauses receives all rows of all streams', async () => {
    await using database = await TestDatabase.create()
    await createLarge(database, FIVE)
    const small = await createSmall(database, 40)
    await using consumer = await consumerOf(database, [...FIVE, ...small], FIVE_READERS)
    const attempt = await syncAround(consumer, 2, async () => await sleep(2000))
    expect(attempt.code).to.equal(0)
    for (const name of FIVE) expect(idsOf(attempt.messages, name)).to.deep.equal(range(1, ROWS))
    for (const name of small) expect(idsOf(attempt.messages, name)).to.have.length(SMALL_ROWS)
  })
})

describe('small tables that are read together', () => {
  it('one fails → it is INCOMPLETE, and each of the others is read once', async () => {
    await using database = await TestDatabase.create()
    const names = await createSmall(database, 40)
    await database.sql(`
      CREATE FUNCTION fail(id int) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN IF id = 7010 THEN RAISE 'no'; END IF; RETURN true; END $$;
      ALTER TABLE s_7 ENABLE ROW LEVEL SECURITY; ALTER TABLE s_7 FORCE ROW LEVEL SECURITY;
      CREATE POLICY p ON s_7 USING (fail(id))`)
    await database.sql(`CREATE ROLE "${database.name}" LOGIN PASSWORD 'x';
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${database.name}"`)
    const account = { username: database.name, password: 'x' }
    try {
      await using consumer = await consumerOf(database, names, account)
      const attempt = await consumer.attempt()
      expect(attempt.code).to.equal(1)
      expect(statusesOf(attempt)).to.include('s_7: INCOMPLETE')
      for (const name of names.filter((each) => each !== 's_7')) {
        expect(idsOf(attempt.messages, name), name).to.have.length(SMALL_ROWS)
        expect(statusesOf(attempt)).to.include(`${name}: COMPLETE`)
      }
    } finally {
      await database.sql(`DROP OWNED BY "${database.name}"; DROP ROLE "${database.name}"`)
    }
  })

  it('one is locked → the others are read meanwhile', async () => {
    await using database = await TestDatabase.create()
    const names = await createSmall(database, 40)
    await using holder = await database.session()
    await holder.sql('BEGIN; LOCK TABLE s_7 IN ACCESS EXCLUSIVE MODE')
    await using consumer = await consumerOf(database, names)
    await using running = await consumer.start()
    const messages: Message[] = []
    const complete = new Set<string>()
    for await (const message of running.messages()) {
      messages.push(message)
      const status = message.trace?.stream_status
      if (status?.status !== 'COMPLETE') continue
      complete.add(status.stream_descriptor.name)
      if (complete.size === names.length - 1) await holder.sql('COMMIT')
    }
    expect((await running.ended).code).to.equal(0)
    for (const name of names) expect(idsOf(messages, name), name).to.have.length(SMALL_ROWS)
  })

  it('a saved value is not valid for its type → only that stream starts over', async () => {
    await using database = await TestDatabase.create()
    const names = await createSmall(database, 10)
    const streams = names.map((name) => ({ name, cursorField: 'id' }))
    await using consumer = await Consumer.create(database, streams)
    await consumer.sync()
    const state = consumer.stateOf('s_3')!
    Object.assign(state, { cursors: { id: 'no number' } })
    const attempt = await consumer.sync()
    expect(idsOf(attempt.messages, 's_3')).to.have.length(SMALL_ROWS)
    expect(idsOf(attempt.messages)).to.have.length(SMALL_ROWS)
    const warnings = logsOf(attempt, 'WARN').filter(({ message }) => message.includes('s_3'))
    expect(warnings).to.have.length(1)
  })

  it('a connection is lost → the sync continues, and nothing is lost', async () => {
    await using database = await TestDatabase.create()
    const names = await createSmall(database, 200)
    await using consumer = await consumerOf(database, names)
    const attempt = await syncAround(consumer, 1, async () => {
      await database.server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = '${database.name}' AND query ~ 'COPY'`,
      )
    })
    expect(attempt.code).to.equal(0)
    for (const name of names) {
      expect(distinct(idsOf(attempt.messages, name)), name).to.have.length(SMALL_ROWS)
    }
  })

  it('a later sync reads the new rows of one of them, and nothing else', async () => {
    await using database = await TestDatabase.create()
    const names = await createSmall(database, 30)
    const streams = names.map((name) => ({ name, cursorField: 'id' }))
    await using consumer = await Consumer.create(database, streams)
    await consumer.sync()
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
    await database.sql('INSERT INTO s_5 VALUES (99999)')
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([99999])
  })
})
