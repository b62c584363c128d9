import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { requestedMajor } from '../../helpers/binaries.ts'
import { withConnector } from '../../helpers/connector.ts'
import { CdcDatabase } from './cdc-database.ts'
import { incrementalCatalog, lastState, sync } from './sync.ts'

const ROWS = 2_000_000
const TIMEOUT_MS = 300_000
const PEAK_KB = 200_000

interface Lines {
  records: number
  /** Before the last record. */
  statesWithin: number
  /** Whether each id was one higher than the one before. */
  isInOrder: boolean
  peakKb: number
}

/** Reads a sync line by line: two million parsed messages would take longer than the sync. */
async function readLines(cdc: CdcDatabase, state: unknown): Promise<Lines> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config())
  await using run = await connector.startRead(
    { catalog, state: [state] },
    { timeoutMs: TIMEOUT_MS },
  )
  const lines = { records: 0, statesWithin: 0, isInOrder: true, peakKb: 0 }
  let tail = ''
  for await (const chunk of run.process.stdout!.setEncoding('utf8')) {
    const parts = `${tail}${String(chunk)}`.split('\n')
    tail = parts.pop() ?? ''
    for (const line of parts) {
      if (line.includes('"type":"STATE"') && lines.records < ROWS) lines.statesWithin++
      if (!line.includes('"type":"RECORD"')) continue
      lines.records++
      lines.isInOrder &&= line.includes(`"id":${lines.records},`)
    }
    const status = readFileSync(`/proc/${run.process.pid}/status`, 'utf8')
    lines.peakKb = Math.max(lines.peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
  }
  const { code, stderr } = await run.ended
  expect(code, stderr).to.equal(0)
  return lines
}

describe('a transaction of two million rows', function () {
  this.timeout(TIMEOUT_MS)

  it('that the server spills is read whole, in order and in little memory, without a state within', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, n int)')
    if (requestedMajor() >= 13) {
      await cdc.sql(`ALTER DATABASE ${cdc.db.name} SET logical_decoding_work_mem = '1MB'`)
    }
    const state = lastState(await sync(cdc))
    await cdc.sql(`INSERT INTO t SELECT i, 0 FROM generate_series(1, ${ROWS}) AS i`)
    const { peakKb, ...lines } = await readLines(cdc, state)
    expect(lines).to.deep.equal({ records: ROWS, statesWithin: 0, isInOrder: true })
    expect(peakKb).to.be.within(1, PEAK_KB)
    if (requestedMajor() < 14) return
    const [row] = await cdc.sql(
      `SELECT spill_bytes > 50000000 AS spilled FROM pg_stat_replication_slots WHERE slot_name = '${cdc.slot}'`,
    )
    expect(row).to.deep.equal({ spilled: 't' })
  })
})

describe('a rolled back transaction with savepoints above logical_decoding_work_mem', () => {
  it('ends no sync', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, n int)')
    if (requestedMajor() >= 13) {
      await cdc.sql(`ALTER DATABASE ${cdc.db.name} SET logical_decoding_work_mem = '64kB'`)
    }
    const state = lastState(await sync(cdc))
    await cdc.sql('INSERT INTO t VALUES (1, 1)')
    // PostgreSQL 18 sends a Stream Abort for the subtransaction
    await cdc.sql(`BEGIN; SAVEPOINT a; INSERT INTO t VALUES (2, 1); RELEASE a;
      INSERT INTO t SELECT i, 0 FROM generate_series(3, 5000) AS i; ROLLBACK`)
    await cdc.sql('INSERT INTO t VALUES (2, 2)')
    const run = await sync(cdc, { state })
    expect(run.errors).to.deep.equal([])
    expect(run.records.map(({ data }) => data['id'])).to.deep.equal([1, 2])
  })
})
