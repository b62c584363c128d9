import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ident } from '../../src/sql.ts'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog } from '../helpers/messages.ts'

const PAUSE_MS = 10_000
const POLL_MS = 100
/**
 * Buffers and compiled code are allocated late. The server has six times this amount ready
 * meanwhile.
 */
const ALLOWED_GROWTH_BYTES = 16 * 2 ** 20
const ROWS = 100_000

function readRssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

describe('a read with a slow consumer', () => {
  it('has constant memory while the consumer does not read for ten seconds, and loses nothing', async function () {
    if (process.platform !== 'linux') return // There is no /proc
    this.timeout(120_000)
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE UNLOGGED TABLE t (id int, v text);
       INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, ${ROWS}) AS n`,
    )
    await using connector = await withConnector(db.config())
    const catalog = configuredCatalog(await connector.catalog())
    await using running = await connector.startRead({ catalog }, { timeoutMs: 100_000 })
    const ids: unknown[] = []
    for await (const { record } of running.messages()) {
      if (record !== undefined && ids.push(record.data['id']) > 0) break
    }
    const pid = running.process.pid ?? 0
    const atStart = readRssBytes(pid)
    let peak = atStart
    for (let waitedMs = 0; waitedMs < PAUSE_MS; waitedMs += POLL_MS) {
      await sleep(POLL_MS)
      peak = Math.max(peak, readRssBytes(pid))
    }
    expect(peak - atStart).to.be.below(ALLOWED_GROWTH_BYTES)
    for await (const { record } of running.messages()) {
      if (record !== undefined) ids.push(record.data['id'])
    }
    expect(await running.ended).to.deep.include({ code: 0, stderr: '' })
    expect(ids).to.have.length(ROWS)
    expect(new Set(ids).size).to.equal(ROWS)
  })

  it('does not lose its connection while the consumer pauses for longer than tcp_user_timeout', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `ALTER DATABASE ${ident(db.name)} SET tcp_user_timeout = '300ms';
       CREATE UNLOGGED TABLE t (id int, v text);
       INSERT INTO t SELECT n, repeat('x', 1000) FROM generate_series(1, ${ROWS}) AS n`,
    )
    await using connector = await withConnector(db.config())
    await using running = await connector.startRead()
    const retries: string[] = []
    let records = 0
    for await (const { record, log } of running.messages()) {
      if (log?.message.includes('interrupted') === true) retries.push(log.message)
      if (record !== undefined && ++records === 10) await sleep(3000)
    }
    expect(retries).to.deep.equal([])
    expect(records).to.equal(ROWS)
  })
})
