import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoginRole } from '../helpers/login-role.ts'
import { FaultProxy } from '../helpers/fault-proxy.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Message } from '../helpers/messages.ts'
import type { Server } from '../helpers/server.ts'
import { sharedServer } from '../helpers/shared-server.ts'
import { backendsOf } from '../helpers/backends.ts'
import {
  Consumer,
  distinct,
  errorsOf,
  idsOf,
  logsOf,
  range,
  statusesOf,
} from '../helpers/consumer.ts'
import { behind, CREATE_BIG, expectRows, ROWS, warningsOf, watch } from './watched-read.ts'

/** Rows of 8 kB */
const LONG_ROWS = 8000
const SLOW_BYTES_PER_SECOND = 5e6
/** First version that can scan a range of pages; earlier ones use one scan for everything. */
const MAJOR_WITH_TWO = 14
const ONE_CONNECTION = /^Parallel reads are disabled/

describe('a read that waits for the server', () => {
  let server: Server
  let network: FaultProxy
  let two: number
  const terminateSecond = async (pids: readonly number[], state: string): Promise<boolean> => {
    const rows = await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE pid = ${pids[1]} AND state = '${state}'`,
    )
    return rows.length > 0
  }
  before(async () => {
    server = await sharedServer()
    two = server.major < MAJOR_WITH_TWO ? 1 : 2
    const fault = { type: 'throttle', bytesPerSecond: SLOW_BYTES_PER_SECOND } as const
    network = await FaultProxy.start(server.port, fault)
  })
  after(async () => await network[Symbol.asyncDispose]())

  it('uses two backends, and has each row once, in its order, as of one time', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database)
    const act = async (): Promise<boolean> => {
      await database.sql(`UPDATE big SET state = 'after'; DELETE FROM big WHERE id % 2 = 0`)
      await database.sql(`INSERT INTO big SELECT n FROM generate_series(1, 1000) AS n`)
      return true
    }
    const attempt = await watch(consumer, database, { readers: two, act })
    expectRows(attempt)
    expect(attempt.readers).to.equal(two)
    const states = attempt.messages.flatMap(({ record }) => record?.data['state'] ?? [])
    expect(new Set(states)).to.deep.equal(new Set(['before']))
    expect(warningsOf(attempt)).to.deep.equal([])
  })

  it('uses one backend if max_connections allows no more', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database, { max_connections: 2 })
    const attempt = await watch(consumer, database)
    expectRows(attempt)
    expect(attempt.readers).to.equal(1)
  })

  it('uses one backend if the role may not have more', async () => {
    await using database = await TestDatabase.create(server)
    await using role = await LoginRole.create(database)
    await database.sql(`${CREATE_BIG}; GRANT SELECT ON big TO ${role.name};
      ALTER ROLE ${role.name} CONNECTION LIMIT 3`)
    const account = { username: role.name, password: role.password }
    await using consumer = await behind(network, database, account)
    const attempt = await watch(consumer, database)
    expectRows(attempt)
    expect(attempt.readers).to.equal(1)
    expect(logsOf(attempt, 'ERROR')).to.deep.equal([])
  })

  it('uses one backend, with a message in the log, if the server does not share snapshots', async () => {
    await using database = await TestDatabase.create(server)
    await using role = await LoginRole.create(database)
    await database.sql(`${CREATE_BIG}; GRANT SELECT ON big TO ${role.name};
      REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC`)
    const account = { username: role.name, password: role.password }
    await using consumer = await behind(network, database, account)
    const attempt = await watch(consumer, database)
    expectRows(attempt)
    expect(attempt.readers).to.equal(1)
    const logs = logsOf(attempt, 'INFO').map(({ message }) => message)
    expect(logs.filter((message) => ONE_CONNECTION.test(message))).to.have.length(1)
  })

  it('loses the second backend while that is idle → it continues with one', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database)
    const attempt = await watch(consumer, database, {
      readers: 2,
      act: async (pids) => await terminateSecond(pids, 'idle in transaction'),
    })
    expectRows(attempt)
    expect(attempt.laterReaders).to.equal(1)
  })

  it('loses the second backend while that sends → it continues with one, without a retry', async () => {
    await using database = await TestDatabase.create(server)
    // More than the sockets can hold, so that neither backend has sent all of its rows
    await database.sql(`CREATE TABLE big (id int, note text); ALTER TABLE big ALTER note SET STORAGE EXTERNAL;
      INSERT INTO big SELECT n, repeat('x', 8000) FROM generate_series(1, ${LONG_ROWS}) AS n; ANALYZE big`)
    await using fast = await FaultProxy.start(server.port, {
      type: 'throttle',
      bytesPerSecond: 2 * SLOW_BYTES_PER_SECOND,
    })
    await using consumer = await behind(fast, database, { batch_size: 50, max_retries: 0 })
    const attempt = await watch(consumer, database, {
      readers: 2,
      act: async (pids) => await terminateSecond(pids, 'active'),
    })
    expect(attempt.code).to.equal(0)
    expect(idsOf(attempt.messages)).to.deep.equal(range(1, LONG_ROWS))
    expect(statusesOf(attempt).at(-1)).to.equal('big: COMPLETE')
    expect(attempt.laterReaders).to.equal(1)
    expect(warningsOf(attempt)).to.deep.equal([])
    const logs = logsOf(attempt, 'INFO').filter(({ message }) => ONE_CONNECTION.test(message))
    expect(logs).to.have.length(two - 1)
  })

  it('is killed and resumed from the last state repeatedly → nothing is lost', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database)
    const ids: number[] = []
    for (let syncs = 0; syncs < 4; syncs++) {
      let states = 20
      const at = ({ state }: Message): boolean => state !== undefined && --states === 0
      ids.push(...idsOf((await consumer.attempt({ at })).messages))
    }
    ids.push(...idsOf((await consumer.sync()).messages))
    expect(distinct(ids)).to.deep.equal(range(1, ROWS))
    expect(ids.length - ROWS, 'repeated rows').to.be.below(4 * 2000)
  })

  it('is stopped by SIGTERM → no backend remains', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database)
    await using running = await consumer.start()
    let readers = 0
    for await (const { state } of running.messages()) {
      if (state === undefined || running.process.killed) continue
      readers = (await backendsOf(server, database.name, true)).length
      if (readers === two) running.process.kill('SIGTERM')
    }
    expect(readers).to.equal(two)
    expect((await running.ended).code).to.equal(1)
    expect(await backendsOf(server, database.name)).to.deep.equal([])
  })

  it('opens no second backend if another session waits for a lock on the table', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    await using consumer = await behind(network, database)
    await using other = await database.session()
    let waiting: Promise<unknown> = Promise.resolve()
    const act = async (): Promise<boolean> => {
      waiting = other.sql('BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE; COMMIT')
      return await Promise.resolve(true)
    }
    const attempt = await watch(consumer, database, { readers: 1, act })
    await waiting
    expectRows(attempt)
    expect(attempt.readers).to.equal(1)
    expect(warningsOf(attempt)).to.deep.equal([])
  })

  it('is stopped by SIGTERM while a second connection hangs → its last state, INCOMPLETE', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    const fault = { type: 'throttle', bytesPerSecond: SLOW_BYTES_PER_SECOND } as const
    await using own = await FaultProxy.start(server.port, fault)
    await using consumer = await behind(own, database)
    await using running = await consumer.start()
    const messages: Message[] = []
    let states = 0
    for await (const message of running.messages()) {
      messages.push(message)
      if (message.state === undefined) continue
      own.fault = { type: 'silence', afterBytes: 0 }
      if (++states === 30) running.process.kill('SIGTERM')
    }
    consumer.accept(messages)
    const attempt = { messages, ...(await running.ended) }
    expect(attempt.code).to.equal(1)
    expect(statusesOf(attempt).at(-1)).to.equal('big: INCOMPLETE')
    expect(errorsOf(attempt).join()).to.match(/^transient_error: .*SIGTERM/)
    own.fault = fault
    const ids = [...idsOf(messages), ...idsOf((await consumer.sync()).messages)]
    expect(distinct(ids)).to.deep.equal(range(1, ROWS))
  })

  it('does not deadlock with a session that waits for a lock on a leaf', async () => {
    await using database = await TestDatabase.create(server)
    await database.sql(`
      CREATE TABLE big (id int, note text) PARTITION BY RANGE (id);
      CREATE TABLE one PARTITION OF big FOR VALUES FROM (0) TO (${ROWS / 2});
      CREATE TABLE two PARTITION OF big FOR VALUES FROM (${ROWS / 2}) TO (${ROWS + 1});
      INSERT INTO big SELECT n, repeat('x', 200) FROM generate_series(1, ${ROWS}) AS n; ANALYZE`)
    await using consumer = await behind(network, database)
    await using other = await database.session()
    let waiting: Promise<unknown> = Promise.resolve()
    const act = async (): Promise<boolean> => {
      waiting = other.sql('BEGIN; LOCK TABLE two IN ACCESS EXCLUSIVE MODE; COMMIT')
      return await Promise.resolve(true)
    }
    const attempt = await watch(consumer, database, { readers: two, act })
    await waiting
    expectRows(attempt)
    expect(attempt.readers).to.equal(two)
    expect(warningsOf(attempt)).to.deep.equal([])
  })
})

describe('a read that waits for the consumer', () => {
  it('uses one backend', async () => {
    const server = await sharedServer()
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE_BIG)
    // More than all buffers hold, so that each COPY lasts as long as the consumer takes
    const config = { application_name: database.name, batch_size: 10_000 }
    await using consumer = await Consumer.create(database, [{ name: 'big' }], config)
    await using running = await consumer.start()
    const messages: Message[] = []
    let readers = 0
    for await (const message of running.messages()) {
      messages.push(message)
      if (messages.length % 2000 !== 0) continue
      await sleep(100)
      readers = Math.max(readers, (await backendsOf(server, database.name, true)).length)
    }
    expectRows({ messages, ...(await running.ended) })
    expect(readers).to.equal(1)
  })
})
