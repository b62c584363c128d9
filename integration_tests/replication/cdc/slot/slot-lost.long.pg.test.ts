import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { withConnector } from '../../../helpers/connector.ts'
import type { Message, StateMessage } from '../../../helpers/messages.ts'
import { errorsOf } from '../../../helpers/consumer.ts'
import type { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { fillLog, startSmallLog, writeLog } from '../small-log.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const major = requestedMajor()
const KEEP_MB = 10
const ROWS = 60_000
const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
const FILL = `INSERT INTO t SELECT i, repeat('x', 300) FROM generate_series(1, ${ROWS}) AS i`
const LOST = "wal_status = 'lost'"
/** A load looks at its slot every five seconds. */
const LOOK_MS = 5000

interface Outcome {
  readonly code: number | null
  readonly messages: readonly Message[]
}

/** A sync whose consumer takes 1,000 records, then does something before it takes the rest. */
async function readSlowly(
  cdc: CdcDatabase,
  { state, meanwhile }: { state?: StateMessage; meanwhile: () => Promise<void> },
): Promise<Outcome> {
  const catalog = await incrementalCatalog(cdc, ['t'])
  await using connector = await withConnector(cdc.config({}, { batch_size: 1000 }))
  await using run = await connector.startRead({ catalog, ...(state && { state: [state] }) })
  const messages: Message[] = []
  let records = 0
  for await (const message of run.messages()) {
    messages.push(message)
    if (message.record !== undefined && ++records === 1000) await meanwhile()
  }
  return { code: (await run.ended).code, messages }
}

function recordsOf({ messages }: Outcome): number {
  return messages.filter(({ record }) => record !== undefined).length
}

function healthWarningsOf({ messages }: Outcome): readonly string[] {
  const names = messages.flatMap(({ log }) => {
    const { warnings } = log?.health ?? {}
    return Array.isArray(warnings) ? warnings.map(String) : []
  })
  return [...new Set(names.filter((name) => name.startsWith('slot_')))]
}

/** With a new slot, all streams are read again, and the records of that sync are the table. */
async function expectResync(cdc: CdcDatabase, { messages }: Outcome): Promise<void> {
  await cdc.dropSlot()
  await cdc.createSlot()
  await cdc.sql("INSERT INTO t VALUES (-1, 'later'); DELETE FROM t WHERE id = 5")
  const state = messages.findLast((message) => message.state)?.state
  const method = { invalid_cdc_cursor_position_behavior: 'Re-sync data' }
  const again = await sync(cdc, { state, method, streams: ['t'] })
  const rows = await cdc.sql('SELECT * FROM t')
  const lines = rows.map((row) => JSON.stringify({ ...row, id: Number(row['id']) }))
  const folded = fold(again.records, 't').map((data) => JSON.stringify(valuesOf(data)))
  expect(folded.toSorted()).to.deep.equal(lines.toSorted())
  const last = await sync(cdc, { state: lastState(again), streams: ['t'] })
  expect(last.records).to.deep.equal([])
}

describe('a slot that exceeds max_slot_wal_keep_size', () => {
  let server: Server

  before(async () => {
    server = await startSmallLog(KEEP_MB)
  })
  after(async () => await server[Symbol.asyncDispose]())

  it('during a first load with a slow consumer: warns, then ends the load, and nothing is lost with a new slot', async () => {
    if (major < 13) return
    await using cdc = await CdcDatabase.create(TABLE, { server })
    await cdc.sql(FILL)
    await cdc.dropSlot()
    await cdc.createSlot()
    const outcome = await readSlowly(cdc, {
      meanwhile: async () => {
        await fillLog(cdc, `safe_wal_size < ${(KEEP_MB / 5) * 2 ** 20}`)
        await sleep(LOOK_MS)
        await fillLog(cdc, LOST)
        await sleep(LOOK_MS)
      },
    })
    expect(healthWarningsOf(outcome)).to.deep.equal(['slot_at_risk', 'slot_lost'])
    expect(outcome.code).to.equal(1)
    expect(recordsOf(outcome)).to.be.below(ROWS)
    const [error, ...others] = errorsOf(outcome)
    expect(others).to.deep.equal([])
    expect(error).to.match(
      /^config_error: Replication slot "\w+" is invalidated \(\w+\): the server has removed the log that it needs\. [\d.]+ MB of changes since the state are lost\. Run: SELECT pg_drop_replication_slot\('\w+'\); SELECT pg_create_logical_replication_slot\([^;]+\); Then clear the data of the connection\. Raise max_slot_wal_keep_size or sync more often/,
    )
    await expectResync(cdc, outcome)
  })

  it('while its log is read: ends the sync with the statements, and nothing is lost with a new slot', async () => {
    if (major < 13) return
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc, { streams: ['t'] }))
    for (let part = 0; part < 60; part++) {
      await cdc.sql(FILL.replace('(1, 60000)', `(${part * 1000 + 1}, ${part * 1000 + 1000})`))
    }
    const outcome = await readSlowly(cdc, {
      state,
      meanwhile: async () => await fillLog(cdc, LOST),
    })
    expect(outcome.code).to.equal(1)
    const errors = errorsOf(outcome)
    expect(errors).to.have.length(1)
    expect(errors[0]).to.match(
      /^config_error: Replication slot "\w+" is invalidated \(\w+\): the server has removed the log that it needs\./,
    )
    await expectResync(cdc, outcome)
  })

  for (const [status, settings] of [
    ['extended', { max_slot_wal_keep_size: '1GB' }],
    ['unreserved', { max_slot_wal_keep_size: '2MB', max_wal_size: '1GB' }],
  ] as const) {
    it(`${status}: the sync reads its log, and the slot recovers`, async () => {
      if (major < 13) return
      await using ample = await startSmallLog(KEEP_MB)
      for (const [name, value] of Object.entries(settings)) {
        await ample.query(`ALTER SYSTEM SET ${name} = '${value}'`)
      }
      await ample.query('SELECT pg_reload_conf()')
      await using cdc = await CdcDatabase.create(TABLE, { server: ample })
      const state = lastState(await sync(cdc, { streams: ['t'] }))
      await cdc.sql("INSERT INTO t VALUES (1, 'new')")
      const statusOf = async (): Promise<unknown> => {
        const [slot] = await cdc.sql('SELECT wal_status AS status FROM pg_replication_slots')
        return slot?.['status']
      }
      for (let megabytes = 0; megabytes < 8; megabytes++) await writeLog(cdc)
      if (status === 'extended') await fillLog(cdc, "wal_status = 'extended'")
      expect(await statusOf()).to.equal(status)
      const run = await sync(cdc, { state, streams: ['t'] })
      expect(run.records.map(({ data }) => data['id'])).to.deep.equal([1])
      const warnings = healthWarningsOf(run)
      expect(warnings).to.deep.equal(status === 'extended' ? [] : ['slot_at_risk'])
      // The server moves restart_lsn with the records of running transactions that it writes every
      // 15 s
      let next = lastState(run)
      while ((await statusOf()) !== 'reserved') {
        const again = await sync(cdc, { state: next, streams: ['t'] })
        expect(again.records).to.deep.equal([])
        next = lastState(again)
        await cdc.sql('DROP TABLE IF EXISTS more; CREATE TABLE more (i int)')
      }
    })
  }
})

describe('idle_replication_slot_timeout', () => {
  const TIMEOUT_S = 3
  const MESSAGE =
    /^Replication slot "\w+" is invalidated \(idle_timeout\): no process read from it for longer than idle_replication_slot_timeout\. [\d.]+ (bytes|[kM]B) of changes since (its position|the state) are lost\. Run: SELECT pg_drop_replication_slot\('\w+'\); SELECT pg_create_logical_replication_slot\([^;]+\); Then clear the data of the connection\. Raise idle_replication_slot_timeout or sync more often to keep it from happening again\.$/
  let server: Server

  before(async () => {
    if (major < 18) return
    server = await startSmallLog(1000, { idle_replication_slot_timeout: `${TIMEOUT_S}s` })
  })
  after(async () => await server?.[Symbol.asyncDispose]())

  it('that has passed is reported by check, read and health', async () => {
    if (major < 18) return
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc, { streams: ['t'] }))
    await fillLog(cdc, LOST)
    await using connector = await withConnector(cdc.config())
    const { connectionStatus, messages } = await connector.check()
    expect(connectionStatus?.status).to.equal('FAILED')
    const text = connectionStatus?.message?.replace(/^.*? Error: /, '')
    expect(text).to.match(MESSAGE)
    expect(healthWarningsOf({ code: 0, messages })).to.deep.equal(['slot_lost'])
    expect(messages.map(({ log }) => log?.message).join()).to.include(
      'is invalidated: no process read from it for longer than idle_replication_slot_timeout',
    )
    const { errors } = await sync(cdc, { state, streams: ['t'] })
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['config_error'])
    expect(errors[0]?.message).to.match(MESSAGE)
  })

  it('that passes during a first load: warns before, then ends the load', async () => {
    if (major < 18) return
    await using cdc = await CdcDatabase.create(TABLE, { server })
    await cdc.sql(FILL)
    await cdc.dropSlot()
    await cdc.createSlot()
    const outcome = await readSlowly(cdc, {
      meanwhile: async () => {
        await sleep(LOOK_MS)
        await fillLog(cdc, LOST)
        await sleep(LOOK_MS)
      },
    })
    expect(healthWarningsOf(outcome)).to.deep.equal(['slot_at_risk', 'slot_lost'])
    expect(errorsOf(outcome).map((error) => error.replace('config_error: ', ''))[0]).to.match(
      MESSAGE,
    )
    expect(recordsOf(outcome)).to.be.below(ROWS)
    await expectResync(cdc, outcome)
  })
})
