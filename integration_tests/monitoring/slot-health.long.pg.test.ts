import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { requestedMajor } from '../helpers/binaries.ts'
import { CHECKOUT } from '../helpers/checkout.ts'
import { type Run, withConnector } from '../helpers/connector.ts'
import type { Json, LogMessage } from '../helpers/messages.ts'
import type { Server } from '../helpers/server.ts'
import { CdcDatabase } from '../replication/cdc/cdc-database.ts'
import { fillLog, startSmallLog } from '../replication/cdc/small-log.ts'
import { incrementalCatalog, lastState, sync } from '../replication/cdc/sync.ts'

const major = requestedMajor()
const hasLimit = major >= 13
const KEEP_MB = 10
const TABLES = `CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, repeat('x', 5000) FROM generate_series(1, 3000) AS i; CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1); ANALYZE`

/** Names of fields, in the format of the table in the documentation. */
function fieldsOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path]
  if (['capabilities', 'pool', 'streams'].includes(path)) return [`${path}.*`]
  return Object.entries(value).flatMap(([name, each]) =>
    fieldsOf(each, path === '' ? name : `${path}.${name}`),
  )
}

function lastHealth({ logs }: Run): Json {
  return logs.findLast(({ health }) => health !== undefined)?.health ?? {}
}

function slotIn(health: Json): Json {
  const { replication_slot: slot } = health
  return typeof slot === 'object' && slot !== null ? { ...slot } : {}
}

async function check(cdc: CdcDatabase): Promise<Run> {
  await using connector = await withConnector(cdc.config())
  return await connector.check()
}

describe('health of the replication slot', () => {
  let server: Server

  before(async () => {
    server = await startSmallLog(KEEP_MB, hasLimit ? { logical_decoding_work_mem: '64kB' } : {})
  })
  after(async () => await server[Symbol.asyncDispose]())

  it('every field of a report is in docs/operations.md', async () => {
    await using cdc = await CdcDatabase.create(TABLES, { server })
    const health = lastHealth(await check(cdc))
    const page = readFileSync(`${CHECKOUT}docs/operations.md`, 'utf8')
    const documented = [...page.matchAll(/^\| `([a-z_.*]+)` +\|/gm)].map(([, name]) => name ?? '')
    const others = /^(slot_|max_connections)/
    expect(documented.filter((name) => !others.test(name))).to.have.members(fieldsOf(health))
    const [slot] = await cdc.sql(
      'SELECT pg_current_wal_lsn() - restart_lsn AS retained FROM pg_replication_slots',
    )
    expect(health).to.include({ status: 'healthy' })
    expect(slotIn(health)).to.include({
      name: cdc.slot,
      active: false,
      wal_status: hasLimit ? 'reserved' : null,
      keep_limit_bytes: hasLimit ? KEEP_MB * 2 ** 20 : null,
      spilled_bytes: major >= 14 ? 0 : null,
    })
    expect(slotIn(health)['retained_bytes']).to.be.within(1, Number(slot?.['retained']))
  })

  it('warns during a first load before the slot is invalidated, and afterwards', async () => {
    if (!hasLimit) return
    await using cdc = await CdcDatabase.create(TABLES, { server })
    const catalog = await incrementalCatalog(cdc, ['a', 'b'])
    await using connector = await withConnector(cdc.config())
    await using holder = await cdc.db.session()
    await using running = await connector.startRead({ catalog })
    const warned: LogMessage[] = []
    let isLocked = false
    for await (const { log, record } of running.messages()) {
      if (record !== undefined && !isLocked) {
        // More than the buffers can hold remains of the first table
        await holder.sql('BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE')
        isLocked = true
        await fillLog(cdc, `safe_wal_size < ${(KEEP_MB / 5) * 2 ** 20}`)
      }
      if (log?.message.includes('about to be invalidated') !== true) continue
      if (warned.push(log) === 1) await holder.sql('ROLLBACK')
    }
    expect((await running.ended).code).to.equal(0)
    expect(warned[0]?.level).to.equal('WARN')
    expect(warned[0]?.message).to.match(
      /; replication slot "\w+" is about to be invalidated: it retains [\d.]+ MB of log, and [\d.]+ [kM]B are left up to max_slot_wal_keep_size\. Raise max_slot_wal_keep_size or sync more often/,
    )
    expect(Reflect.get(warned[0] ?? {}, 'health')).to.include({ status: 'degraded' })

    await fillLog(cdc, "wal_status = 'lost'")
    const lost = lastHealth(await check(cdc))
    expect(lost['warnings']).to.deep.equal(['slot_lost'])
    expect(slotIn(lost)).to.include({ wal_status: 'lost', safe_wal_bytes: null })

    await cdc.dropSlot()
    const missing = lastHealth(await check(cdc))
    expect(missing).to.deep.include({ warnings: ['slot_missing'], replication_slot: null })
  })

  it('counts the transactions that decoding has spilled to disk', async () => {
    if (major < 14) return
    await using cdc = await CdcDatabase.create(TABLES, { server })
    const state = lastState(await sync(cdc, { streams: ['a'] }))
    await cdc.sql(`INSERT INTO a SELECT i, 'x' FROM generate_series(3001, 8000) AS i`)
    lastState(await sync(cdc, { streams: ['a'], state }))
    const { spilled_transactions: transactions, spilled_bytes: bytes } = slotIn(
      lastHealth(await check(cdc)),
    )
    expect(transactions).to.equal(1)
    expect(bytes).to.be.greaterThan(65_536)
  })
})
