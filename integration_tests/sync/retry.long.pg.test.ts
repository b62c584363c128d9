import { expect } from 'chai'
import { TestDatabase } from '../helpers/database.ts'
import type { Json, Message } from '../helpers/messages.ts'
import { Server } from '../helpers/server.ts'
import { ONE_READER } from '../helpers/one-reader.ts'
import { sharedServer } from '../helpers/shared-server.ts'
import { terminateReaderOf, terminateReaders } from '../helpers/backends.ts'
import {
  type Attempt,
  Consumer,
  describeAttempt,
  distinct,
  errorsOf,
  idsOf,
  logsOf,
  range,
  statusesOf,
} from '../helpers/consumer.ts'
import { BIG_ROWS, CREATE_BIG, FILL_BIG, READ_MODES, type ReadMode } from './read-modes.ts'

const TELLS_OF_RETRY = /retr|again|reconnect|attempt/i

/** The consumer of a mode, before the sync with the fault. */
async function prepare(database: TestDatabase, mode: ReadMode, extra: Json): Promise<Consumer> {
  const config = { batch_size: 1000, application_name: database.name, ...mode.config, ...extra }
  await database.sql(CREATE_BIG)
  const consumer = await Consumer.create(database, [mode.stream], config)
  if (mode.isLater) await consumer.sync()
  await database.sql(FILL_BIG)
  return consumer
}

/**
 * Runs a sync and calls `disturb` after this many records, while the connector waits for its
 * consumer.
 */
async function syncDisturbed(
  consumer: Consumer,
  disturb: (times: number) => Promise<unknown>,
  afterRecords: readonly number[] = [10_000],
): Promise<Attempt> {
  await using running = await consumer.start()
  const messages: Message[] = []
  let records = 0
  let times = 0
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.record === undefined) continue
    if (++records === afterRecords[times]) await disturb(times++)
  }
  consumer.accept(messages)
  return { messages, ...(await running.ended) }
}

function expectComplete(attempt: Attempt, mode: ReadMode): void {
  expect(attempt.code, describeAttempt(attempt)).to.equal(0)
  expect(distinct(idsOf(attempt.messages))).to.deep.equal(range(mode.isLater ? 2 : 1, BIG_ROWS))
  expect(statusesOf(attempt).at(-1)).to.equal('big: COMPLETE')
  expect(statusesOf(attempt)).not.to.include('big: INCOMPLETE')
  const logs = logsOf(attempt).map(({ message }) => message)
  expect(
    logs.some((message) => TELLS_OF_RETRY.test(message)),
    logs.join('\n'),
  ).to.equal(true)
}

describe('a backend that is terminated', () => {
  for (const mode of READ_MODES) {
    it(`during ${mode.name} → the read resumes from its last state and is complete`, async () => {
      const server = await sharedServer()
      await using database = await TestDatabase.create(server)
      await using consumer = await prepare(database, mode, {})
      const attempt = await syncDisturbed(consumer, async () => {
        expect(await terminateReaders(server, database.name)).to.equal(true)
      })
      expectComplete(attempt, mode)
      // The xmin method has no checkpoint within a later sync
      const isResumed = !(mode.isLater && mode.name.includes('xmin'))
      const repeats = idsOf(attempt.messages).length - BIG_ROWS
      if (isResumed) expect(repeats, 'repeated records').to.be.lessThan(8000)
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
    })
  }

  it('three times → the read is complete', async () => {
    const server = await sharedServer()
    const [mode] = READ_MODES
    if (mode === undefined) throw new Error('No mode')
    await using database = await TestDatabase.create(server)
    await using consumer = await prepare(database, mode, {})
    const terminate = async (): Promise<boolean> => await terminateReaders(server, database.name)
    expectComplete(await syncDisturbed(consumer, terminate, [3000, 10_000, 17_000]), mode)
  })

  it('without retries → a transient_error, and the next sync resumes', async () => {
    const server = await sharedServer()
    const [mode] = READ_MODES
    if (mode === undefined) throw new Error('No mode')
    await using database = await TestDatabase.create(server)
    await using consumer = await prepare(database, mode, { max_retries: 0 })
    const attempt = await syncDisturbed(
      consumer,
      async () => await terminateReaders(server, database.name),
    )
    expect(attempt.code, describeAttempt(attempt)).to.equal(1)
    expect(errorsOf(attempt).map((error) => error.split(':')[0])).to.deep.equal(['transient_error'])
    expect(statusesOf(attempt).at(-1)).to.equal('big: INCOMPLETE')
    const later = await consumer.sync()
    const ids = [attempt, later].flatMap(({ messages }) => idsOf(messages))
    expect(distinct(ids)).to.deep.equal(range(1, BIG_ROWS))
    expect(idsOf(later.messages)[0], 'where the next sync resumes').to.be.greaterThan(5000)
  })

  it('in the second stream → the first is not read again, both are complete', async () => {
    const server = await sharedServer()
    await using database = await TestDatabase.create(server)
    await database.sql(
      `${CREATE_BIG}; ${FILL_BIG}; CREATE VIEW slow AS SELECT 7 AS id FROM pg_sleep(2)`,
    )
    const config = { application_name: database.name, ...ONE_READER }
    const streams = [{ name: 'big' }, { name: 'slow' }]
    await using consumer = await Consumer.create(database, streams, config)
    const terminating: Promise<void>[] = []
    const attempt = await syncDisturbed(consumer, async () => {
      terminating.push(terminateReaderOf(server, database.name, 'slow'))
      return Promise.resolve()
    }, [BIG_ROWS])
    await Promise.all(terminating)
    expect(attempt.code, describeAttempt(attempt)).to.equal(0)
    expect(idsOf(attempt.messages, 'slow')).to.deep.equal([7])
    expect(idsOf(attempt.messages, 'big')).to.deep.equal(range(1, BIG_ROWS))
    const ends = statusesOf(attempt).filter((status) => status.endsWith('COMPLETE'))
    expect(ends).to.deep.equal(['big: COMPLETE', 'slow: COMPLETE'])
    expect(logsOf(attempt).some(({ message }) => TELLS_OF_RETRY.test(message))).to.equal(true)
  })
})

/**
 * By default, the servers of the tests may lose the last commits in a crash, and with them the rows
 * to read.
 */
const DURABLE = { synchronous_commit: 'on' }

describe('a server that restarts', () => {
  for (const mode of READ_MODES) {
    it(`during ${mode.name} → the read resumes after the restart`, async () => {
      await using server = await Server.start({ settings: DURABLE })
      await using database = await TestDatabase.create(server)
      await using consumer = await prepare(database, mode, { max_retries: 8 })
      const attempt = await syncDisturbed(
        consumer,
        async () => await server.restart({ mode: 'immediate' }),
      )
      expectComplete(attempt, mode)
    })
  }

  it('and does not start again → transient_error after the retries, exit code 1, INCOMPLETE; the next sync resumes', async () => {
    await using server = await Server.start({ settings: DURABLE })
    const [mode] = READ_MODES
    if (mode === undefined) throw new Error('No mode')
    await using database = await TestDatabase.create(server)
    await using consumer = await prepare(database, mode, { max_retries: 2, connect_timeout: 2 })
    const attempt = await syncDisturbed(consumer, async () => await server.stop('immediate'))
    expect(attempt.code, describeAttempt(attempt)).to.equal(1)
    expect(errorsOf(attempt).map((error) => error.split(':')[0])).to.deep.equal(['transient_error'])
    expect(statusesOf(attempt).at(-1)).to.equal('big: INCOMPLETE')
    const logs = logsOf(attempt).filter(({ message }) => TELLS_OF_RETRY.test(message))
    expect(logs.length, 'announcements').to.be.at.least(2)
    await server.restart()
    const later = await consumer.sync()
    const ids = [attempt, later].flatMap(({ messages }) => idsOf(messages))
    expect(distinct(ids)).to.deep.equal(range(1, BIG_ROWS))
  })
})
