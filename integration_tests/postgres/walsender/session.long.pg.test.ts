import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../../src/errors.ts'
import { parseLsn } from '../../../src/lsn.ts'
import { isSlotInUse } from '../../../src/postgres/walsender/walsender-error.ts'
import { ident, literal } from '../../../src/sql.ts'
import { RecordedLog } from '../../../src/testing/recorded-log.ts'
import { CdcDatabase } from '../../replication/cdc/cdc-database.ts'
import { sharedServer } from '../../helpers/shared-server.ts'
import { describeWith } from '../connection/programs.ts'
import { PgBouncer } from '../session/pgbouncer.ts'
import { currentLsn, LogTarget, readSlot, readToNow, withWalSender } from './log-session.ts'

/** Much more than the buffers of a connection can hold. */
const ROWS = 100_000
const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
/** First version in which a missing publication is not an error. */
const MAJOR_WITH_SILENT_PUBLICATIONS = 18
const MAJOR_WITH_COLUMN_LISTS = 15

async function failureOf(work: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof ConnectorError) return error
  throw new Error(`Not a ConnectorError: ${String(error)}`)
}

async function slotOf(cdc: CdcDatabase): Promise<{ active: boolean; flushed: bigint }> {
  const [row] = await cdc.sql(
    `SELECT active, confirmed_flush_lsn AS flushed FROM pg_replication_slots WHERE slot_name = ${literal(cdc.slot)}`,
  )
  return { active: row?.['active'] === 't', flushed: parseLsn(row?.['flushed'] ?? '') }
}

describe('a walsender session', () => {
  let cdc: CdcDatabase

  beforeEach(async () => {
    cdc = await CdcDatabase.create(TABLE)
  })

  afterEach(async () => {
    await cdc[Symbol.asyncDispose]()
  })

  it('returns the identity of the system', async () => {
    await withWalSender(cdc, {}, async ({ identity }) => {
      const [row] = await cdc.sql('SELECT system_identifier AS id FROM pg_control_system()')
      expect(identity.systemId).to.equal(row?.['id'])
      expect(identity.timeline).to.equal(1)
      expect(identity.flushedLsn > 0n).to.equal(true)
    })
  })

  it('ends the stream and frees the slot at once', async () => {
    for (let round = 1; round <= 3; round++) {
      await cdc.sql(`INSERT INTO t VALUES (${round})`)
      const log = new RecordedLog()
      const logTarget = new LogTarget(log, await currentLsn(cdc))
      await withWalSender(cdc, {}, async (walSender) => {
        const reader = readSlot(cdc, walSender, logTarget.visitor)
        while (!logTarget.isReached) await reader.read()
        expect((await slotOf(cdc)).active).to.equal(true)
        await reader[Symbol.asyncDispose]()
        expect((await slotOf(cdc)).active).to.equal(false)
        expect(() => readSlot(cdc, walSender, log)).to.throw('has read a log already')
      })
      expect(log.lines.filter((line) => line.startsWith('INSERT'))).to.have.length(round)
    }
  })

  it('acknowledges exactly the given positions', async () => {
    const before = (await slotOf(cdc)).flushed
    await cdc.sql('INSERT INTO t VALUES (1)')
    await readToNow(cdc, new RecordedLog())
    expect((await slotOf(cdc)).flushed).to.equal(before)

    const target = await currentLsn(cdc)
    await withWalSender(cdc, {}, async (walSender) => {
      const logTarget = new LogTarget(new RecordedLog(), target)
      await using reader = readSlot(cdc, walSender, logTarget.visitor)
      while (!logTarget.isReached) await reader.read()
      reader.acknowledge(target)
      reader.acknowledge(before)
    })
    expect((await slotOf(cdc)).flushed).to.equal(target)

    await readToNow(cdc, new RecordedLog(), { acknowledged: target + 8n })
    expect((await slotOf(cdc)).flushed).to.equal(target + 8n)
  })

  it('starts at the given position if the slot is not after it', async () => {
    await cdc.sql('INSERT INTO t VALUES (1)')
    const middle = await currentLsn(cdc)
    await cdc.sql('INSERT INTO t VALUES (2)')
    const log = new RecordedLog()
    await readToNow(cdc, log, { start: middle })
    const [row = '', ...others] = log.lines.filter((line) => line.startsWith('INSERT'))
    expect(row.endsWith(" ('2',NULL)")).to.equal(true)
    expect(others).to.deep.equal([])
  })

  it('resumes exactly from the end of each transaction and from one byte before it', async () => {
    for (let id = 1; id <= 5; id++) await cdc.sql(`INSERT INTO t VALUES (${id})`)
    const whole = new RecordedLog()
    await readToNow(cdc, whole)
    const ends = whole.lines.flatMap((line) =>
      line.startsWith('COMMIT') ? [BigInt(line.split(' ')[2]!)] : [],
    )
    expect(ends).to.have.length(5)
    for (const [index, end] of ends.entries()) {
      for (const start of [end, end - 1n]) {
        const log = new RecordedLog()
        await readToNow(cdc, log, { start })
        const rows = log.lines.filter((line) => line.startsWith('INSERT'))
        expect(rows, `from ${start}`).to.have.length(4 - index)
      }
    }
  })

  it('quotes unusual names of publications', async () => {
    const odd = `P"q's, \\ é`
    await cdc.sql(`CREATE PUBLICATION ${ident(odd)} FOR TABLE t`)
    await cdc.dropSlot()
    await cdc.createSlot()
    await cdc.sql('INSERT INTO t VALUES (1)')
    const log = new RecordedLog()
    await readToNow(cdc, log, { publications: [odd, 'p'] })
    expect(log.lines.filter((line) => line.startsWith('INSERT'))).to.have.length(1)
  })

  it('reports that another process reads from the slot', async () => {
    await withWalSender(cdc, {}, async (first) => {
      await using reader = readSlot(cdc, first, new RecordedLog())
      await reader.read()
      await withWalSender(cdc, {}, async (second) => {
        const refused = readSlot(cdc, second, new RecordedLog())
        const error = await failureOf(refused.start())
        expect(isSlotInUse(error)).to.equal(true)
        expect(error.failureType).to.equal('transient_error')
        expect(error.message).to.include(`"${cdc.slot}" is in use`)
        expect(error.message).to.include(`PID ${first.processId}`)
        await refused[Symbol.asyncDispose]()
        await reader[Symbol.asyncDispose]()
        await using again = readSlot(cdc, second, new RecordedLog())
        expect(await again.read()).to.equal(true)
      })
    })
  })

  it('reports that the slot does not exist', async () => {
    const error = await failureOf(readToNow(cdc, new RecordedLog(), { slot: 'no_such_slot' }))
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include(
      'Replication slot "no_such_slot" does not exist. Run SELECT pg_create',
    )
  })

  it('reports that the slot has another plugin', async () => {
    await cdc.dropSlot()
    await cdc.createSlot('test_decoding')
    const error = await failureOf(readToNow(cdc, new RecordedLog()))
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include('not created with the plugin pgoutput')
  })

  it('reports that the slot is physical', async () => {
    const slot = `${cdc.slot}_physical`
    await cdc.sql(`SELECT pg_create_physical_replication_slot('${slot}')`)
    try {
      const error = await failureOf(readToNow(cdc, new RecordedLog(), { slot }))
      expect(error.failureType).to.equal('config_error')
      expect(error.message).to.include(`"${slot}" cannot be read: cannot`)
    } finally {
      await cdc.sql(`SELECT pg_drop_replication_slot('${slot}')`)
    }
  })

  it('reports that the slot belongs to another database', async () => {
    await using other = await CdcDatabase.create(TABLE)
    const error = await failureOf(readToNow(cdc, new RecordedLog(), { slot: other.slot }))
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include('was not created in this database')
  })

  it('reports that the publication is missing or was created too late, in versions where the server does', async () => {
    await cdc.sql('INSERT INTO t VALUES (1)')
    const reading = readToNow(cdc, new RecordedLog(), { publications: ['no_such'] })
    if (cdc.db.server.major >= MAJOR_WITH_SILENT_PUBLICATIONS) return await reading
    const error = await failureOf(reading)
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include('Publication "no_such" does not exist, or is younger than')
  })

  it('reports that two publications have different column lists', async () => {
    if (cdc.db.server.major < MAJOR_WITH_COLUMN_LISTS) return
    await cdc.sql(
      'CREATE PUBLICATION a FOR TABLE t (id); CREATE PUBLICATION b FOR TABLE t (id, note)',
    )
    await cdc.dropSlot()
    await cdc.createSlot()
    await cdc.sql('INSERT INTO t VALUES (1)')
    const error = await failureOf(readToNow(cdc, new RecordedLog(), { publications: ['a', 'b'] }))
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include('Use one column list for each table')
  })

  it('reports that the role may not read the log', async () => {
    const role = `${cdc.slot}_plain`
    await cdc.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'password'`)
    try {
      const config = { username: role, password: 'password' }
      const error = await failureOf(withWalSender(cdc, { config }, () => Promise.resolve()))
      expect(error.failureType).to.equal('config_error')
      expect(error.message).to.include(`Run ALTER ROLE "${role}" REPLICATION`)
      await cdc.sql(`ALTER ROLE ${role} REPLICATION`)
      await withWalSender(cdc, { config }, () => Promise.resolve())
    } finally {
      await cdc.sql(`DROP ROLE ${role}`)
    }
  })

  it('fails with the reason of an abort, and frees the slot', async () => {
    const stop = new AbortController()
    const reading = withWalSender(cdc, { signal: stop.signal }, async (walSender) => {
      await using reader = readSlot(cdc, walSender, new RecordedLog())
      await reader.read()
      setImmediate(() => stop.abort(new ConnectorError('transient_error', 'stopped')))
      for (;;) await reader.read()
    })
    expect((await failureOf(reading)).message).to.equal('stopped')
    expect((await slotOf(cdc)).active).to.equal(false)
  })

  it('stops within a transaction that the server is still sending', async () => {
    await cdc.sql(`INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, ${ROWS}) AS n`)
    await withWalSender(cdc, {}, async (walSender) => {
      await using reader = readSlot(cdc, walSender, new RecordedLog())
      while (!reader.isInTransaction) await reader.read()
    })
    while ((await slotOf(cdc)).active) await sleep(10)
    const log = new RecordedLog()
    await readToNow(cdc, log)
    expect(log.lines.filter((line) => line.startsWith('INSERT'))).to.have.length(ROWS)
  })
})

describeWith(['/usr/sbin/pgbouncer'], 'a pooler before the server', () => {
  for (const [what, settings] of [
    ['rejects replication connections', ['ignore_startup_parameters = options']],
    ['drops the replication parameter', ['ignore_startup_parameters = options, replication']],
  ] as const) {
    it(`reports the cause if it ${what}`, async () => {
      await using bouncer = await PgBouncer.start(await sharedServer(), settings)
      await using cdc = await CdcDatabase.create(TABLE)
      const config = { port: bouncer.port }
      const error = await failureOf(withWalSender(cdc, { config }, () => Promise.resolve()))
      expect(error.failureType).to.equal('config_error')
      expect(error.message).to.include(
        `port ${bouncer.port}, does not open replication connections`,
      )
    })
  }
})
