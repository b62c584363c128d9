import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { withConnector } from '../../../helpers/connector.ts'
import { type Fault, FaultProxy } from '../../../helpers/fault-proxy.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TIMEOUT_MS = 2000
const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
/** Transactions of about 40 kB of log for the client. */
const TRANSACTIONS = 25
const ROWS = 100

/** A fault of a sync, and when it occurs. */
interface Disturbance {
  readonly fault?: Fault
  /** Called at the first record. */
  readonly onRecord?: () => Promise<void>
}

async function isSlotFree(cdc: CdcDatabase): Promise<boolean> {
  const [slot] = await cdc.sql(
    `SELECT active FROM pg_replication_slots WHERE slot_name = '${cdc.slot}'`,
  )
  return slot?.['active'] === 'f'
}

async function write(cdc: CdcDatabase): Promise<void> {
  for (let each = 0; each < TRANSACTIONS; each++) {
    await cdc.sql(
      `INSERT INTO t SELECT ${each * ROWS} + i, repeat('é', 180) FROM generate_series(1, ${ROWS}) AS i`,
    )
  }
}

describe('a CDC sync with a fault', () => {
  let server: Server

  before(async () => {
    server = await Server.start({ settings: { wal_sender_timeout: `${TIMEOUT_MS}ms` } })
  })
  after(async () => await server[Symbol.asyncDispose]())

  /**
   * Runs a sync with a fault that ends at the first retry. Returns the number of interruptions; the
   * records must fold to the table.
   */
  async function interruptionsOf({ fault, onRecord }: Disturbance): Promise<number> {
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc))
    await write(cdc)
    await using proxy = await FaultProxy.start(server.port, fault)
    const catalog = await incrementalCatalog(cdc)
    const extra = { batch_size: 100, port: proxy.port }
    await using connector = await withConnector(cdc.config({ initial_waiting_seconds: 3 }, extra))
    await using run = await connector.startRead({ catalog, state: [state] })
    const records: RecordMessage[] = []
    let interruptions = 0
    for await (const { record, log } of run.messages()) {
      if (record !== undefined && records.push(record) === 1) await onRecord?.()
      if (log?.message.startsWith('The read was interrupted') !== true) continue
      interruptions++
      proxy.fault = { type: 'none' }
    }
    const { code, stderr } = await run.ended
    expect(code, stderr).to.equal(0)
    const rows = await cdc.sql('SELECT id, note FROM t')
    expect(fold(records, 't').map(valuesOf)).to.have.deep.members(
      rows.map(({ id, note }) => ({ id: Number(id), note })),
    )
    expect(await isSlotFree(cdc), 'the slot is free').to.equal(true)
    return interruptions
  }

  for (const fault of [
    { type: 'cut', afterBytes: 90_001 },
    { type: 'cut', afterBytes: 333_333 },
    { type: 'cut', afterBytes: 700_007 },
    { type: 'reset', afterBytes: 333_333 },
    { type: 'silence', afterBytes: 333_333 },
  ] satisfies readonly Fault[]) {
    it(`${fault.type} after ${fault.afterBytes} bytes: retried in the same run`, async () => {
      expect(await interruptionsOf({ fault })).to.be.greaterThan(0)
    })
  }

  it('bytes that are received one by one', async () => {
    expect(await interruptionsOf({ fault: { type: 'pieces', bytes: 1 } })).to.equal(0)
  })

  it('an immediate shutdown: retried in the same run', async () => {
    const fault: Fault = { type: 'throttle', bytesPerSecond: 200_000 }
    const restart = { fault, onRecord: async () => await server.restart({ mode: 'immediate' }) }
    expect(await interruptionsOf(restart)).to.be.greaterThan(0)
  })

  it('a consumer that does not read for three times wal_sender_timeout, within a large transaction', async () => {
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc))
    const rows = 100_000
    await cdc.sql(`INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, ${rows}) AS i`)
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config())
    await using run = await connector.startRead({ catalog, state: [state] })
    const ids = new Set<unknown>()
    const warnings: string[] = []
    let records = 0
    for await (const { record, log } of run.messages()) {
      if (log?.level === 'WARN') warnings.push(log.message)
      if (record === undefined) continue
      ids.add(record.data['id'])
      if (++records === 10) await sleep(3 * TIMEOUT_MS)
    }
    expect((await run.ended).code).to.equal(0)
    expect([records, ids.size]).to.deep.equal([rows, rows])
    expect(warnings.filter((text) => text.includes('interrupted'))).to.deep.equal([])
  })
})
