import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../../src/errors.ts'
import { RecordedLog } from '../../../src/testing/recorded-log.ts'
import type { ChangeVisitor } from '../../../src/wire/pgoutput.ts'
import { type Fault, FaultProxy } from '../../helpers/fault-proxy.ts'
import { Server } from '../../helpers/server.ts'
import { CdcDatabase } from '../../replication/cdc/cdc-database.ts'
import { currentLsn, LogTarget, readSlot, readToNow, withWalSender } from './log-session.ts'

const TIMEOUT_MS = 2000
const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
/** Much more than the buffers of a connection can hold. */
const LARGE = `INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, 100000) AS n`
const LARGE_ROWS = 100_000

/** Counts the rows of each transaction, and stores where the last one ended. */
class Counted extends RecordedLog {
  rows = 0
  /** Number of rows of complete transactions. */
  committed = 0
  position = 0n

  override relation(): ChangeVisitor {
    const count = (): void => void this.rows++
    return { insert: count, update: count, delete: count }
  }

  override commit(commit: Parameters<RecordedLog['commit']>[0]): boolean {
    this.committed = this.rows
    this.position = commit.endLsn
    return super.commit(commit)
  }
}

async function failureOf(work: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof ConnectorError) return error
  throw new Error(`Not a ConnectorError: ${String(error)}`)
}

async function waitUntilFree(cdc: CdcDatabase): Promise<void> {
  for (;;) {
    const [row] = await cdc.sql(
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    if (row?.['active'] === 'f') return
    await sleep(20)
  }
}

function changesOf({ lines }: RecordedLog): string[] {
  return lines.filter((line) => !/^(KEEPALIVE|MESSAGE)/.test(line))
}

describe('reading the log with faults', () => {
  let server: Server
  let cdc: CdcDatabase

  before(async () => {
    server = await Server.start({ settings: { wal_sender_timeout: `${TIMEOUT_MS}ms` } })
  })
  after(async () => await server[Symbol.asyncDispose]())
  beforeEach(async () => {
    cdc = await CdcDatabase.create(TABLE, { server })
  })
  afterEach(async () => await cdc[Symbol.asyncDispose]())

  it('a consumer that does not read for three times wal_sender_timeout within a transaction loses nothing', async () => {
    await cdc.sql(LARGE)
    const target = await currentLsn(cdc)
    await withWalSender(cdc, {}, async (walSender) => {
      const log = new Counted()
      const logTarget = new LogTarget(log, target)
      await using reader = readSlot(cdc, walSender, logTarget.visitor)
      while (!reader.isInTransaction) await reader.read()
      await sleep(3 * TIMEOUT_MS)
      while (!logTarget.isReached) await reader.read()
      expect(log.committed).to.equal(LARGE_ROWS)
    })
  })

  it('an idle log can be read after three times wal_sender_timeout, with and without a reader', async () => {
    await withWalSender(cdc, {}, async (walSender) => {
      const log = new Counted()
      await using reader = readSlot(cdc, walSender, log)
      await reader.read()
      await sleep(3 * TIMEOUT_MS)
      await cdc.sql(`SELECT pg_sleep(${(3 * TIMEOUT_MS) / 1000}); INSERT INTO t VALUES (1)`)
      while (log.committed < 1) await reader.read()
    })
  })

  it('memory does not grow with a transaction', async () => {
    await cdc.sql(LARGE)
    const target = await currentLsn(cdc)
    let peakBytes = 0
    await withWalSender(cdc, {}, async (walSender) => {
      const log = new Counted()
      const logTarget = new LogTarget(log, target)
      await using reader = readSlot(cdc, walSender, logTarget.visitor)
      await reader.read()
      const before = process.memoryUsage().arrayBuffers
      while (!logTarget.isReached) {
        await reader.read()
        peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before)
      }
      expect(log.committed).to.equal(LARGE_ROWS)
      expect(reader.receivedBytes).to.be.greaterThan(1000 * LARGE_ROWS)
    })
    expect(peakBytes).to.be.lessThan(8 * 2 ** 20)
  })

  for (const fault of [
    { type: 'throttle', bytesPerSecond: 50_000 },
    { type: 'delay', ms: 30 },
    { type: 'pieces', bytes: 1 },
  ] satisfies readonly Fault[]) {
    it(`a network with ${fault.type} delivers the whole log`, async () => {
      for (let id = 1; id <= 10; id++)
        await cdc.sql(`INSERT INTO t VALUES (${id}, repeat('é', 200))`)
      const direct = new RecordedLog()
      await readToNow(cdc, direct)
      await using proxy = await FaultProxy.start(server.port, fault)
      const log = new RecordedLog()
      await readToNow(cdc, log, { config: { port: proxy.port } })
      expect(changesOf(log)).to.deep.equal(changesOf(direct))
    })
  }

  for (const type of ['cut', 'reset'] as const) {
    it(`a connection that is ${type} anywhere is a transient_error, and reading resumes after the last commit`, async () => {
      for (let id = 1; id <= 20; id++)
        await cdc.sql(`INSERT INTO t VALUES (${id}, repeat('x', 100))`)
      let failures = 0
      for (let afterBytes = 2000; ; afterBytes += 777) {
        await using proxy = await FaultProxy.start(server.port, { type: 'none' })
        const log = new Counted()
        const logTarget = new LogTarget(log, await currentLsn(cdc))
        const reading = withWalSender(cdc, { config: { port: proxy.port } }, async (walSender) => {
          await using reader = readSlot(cdc, walSender, logTarget.visitor)
          while (!logTarget.isReached) await reader.read()
        })
        proxy.fault = { type, afterBytes }
        const error = await reading.then(
          () => null,
          (reason: unknown) => ConnectorError.from(reason),
        )
        await waitUntilFree(cdc)
        if (error === null) break
        failures++
        expect(error.failureType, error.message).to.equal('transient_error')
        const rest = new Counted()
        await readToNow(cdc, rest, { start: log.position })
        expect(log.committed + rest.committed, `after ${afterBytes} bytes`).to.equal(20)
      }
      expect(failures).to.be.greaterThan(3)
    })
  }

  it('data received before a cut is read before the cut is reported', async () => {
    await using proxy = await FaultProxy.start(server.port)
    await withWalSender(cdc, { config: { port: proxy.port } }, async (walSender) => {
      await using reader = readSlot(cdc, walSender, new Counted())
      await reader.read()
      const bytes = reader.receivedBytes
      await cdc.sql('INSERT INTO t VALUES (1)')
      while (reader.receivedBytes === bytes) await sleep(20)
      proxy.cutAll()
      await sleep(TIMEOUT_MS) // Status updates show that the connection is lost
      expect(await reader.read()).to.equal(true)
      expect((await failureOf(reader.read())).failureType).to.equal('transient_error')
    })
  })

  it('a silent network is a transient_error after the server has ended the connection', async () => {
    await using proxy = await FaultProxy.start(server.port)
    const config = { port: proxy.port }
    const reading = withWalSender(cdc, { config }, async (walSender) => {
      await using reader = readSlot(cdc, walSender, new Counted())
      await reader.read()
      proxy.silence()
      for (;;) await reader.read()
    })
    const error = await failureOf(reading)
    expect(error.failureType).to.equal('transient_error')
    await waitUntilFree(cdc)
  })

  for (const [what, end] of [
    [
      'a walsender that is terminated',
      async () => {
        await cdc.sql(
          `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
        )
      },
    ],
    ['an immediate shutdown', async () => await server.restart({ mode: 'immediate' })],
    ['a fast shutdown', async () => await server.restart({ mode: 'fast' })],
  ] as const) {
    it(`${what} is a transient_error, and reading resumes from there`, async () => {
      await cdc.sql('INSERT INTO t VALUES (1)')
      const log = new Counted()
      const reading = withWalSender(cdc, {}, async (walSender) => {
        await using reader = readSlot(cdc, walSender, log)
        while (log.committed < 1) await reader.read()
        const ended = end()
        try {
          for (;;) await reader.read()
        } finally {
          await ended
        }
      })
      expect((await failureOf(reading)).failureType).to.equal('transient_error')
      await cdc.sql('INSERT INTO t VALUES (2)')
      const rest = new Counted()
      await readToNow(cdc, rest, { start: log.position })
      expect(rest.committed).to.equal(1)
    })
  }
})
