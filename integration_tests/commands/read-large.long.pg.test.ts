import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { type Connector, type RunningConnector, withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, type Message, parseMessage } from '../helpers/messages.ts'

const ROWS = 3_000_000
const HUGE_BYTES = 200_000_000
const RECORD = '{"type":"RECORD"'
/**
 * Interval of the records that are validated against the protocol's schema; validating all would
 * take a minute.
 */
const CHECKED_EVERY = 100_000
const LINE_FEED = 0x0a

async function startRead(connector: Connector): Promise<RunningConnector> {
  const catalog = configuredCatalog(await connector.catalog())
  return await connector.startRead({ catalog }, { timeoutMs: 110_000 })
}

/** Yields the lines of stdout as bytes; a line that is split between chunks is joined once. */
async function* linesOf(running: RunningConnector): AsyncGenerator<Buffer> {
  const { stdout } = running.process
  if (stdout === null) throw new Error('stdout is not a pipe')
  let torn: Buffer[] = []
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end)
      yield torn.length === 0 ? last : Buffer.concat([...torn, last])
      torn = []
      start = end + 1
    }
    if (start < chunk.length) torn.push(chunk.subarray(start))
  }
  if (torn.length > 0) throw new Error('The last line has no line feed')
}

/** Summary of the records of a table of `id` and `v`, without storing them. */
class NarrowSummary {
  rows = 0
  readonly digest = createHash('md5')
  readonly others: Message[] = []

  line(line: Buffer): void {
    const text = line.toString('latin1')
    if (!text.startsWith(RECORD)) {
      this.others.push(parseMessage(text))
      return
    }
    if (this.rows++ % CHECKED_EVERY === 0) parseMessage(text)
    const start = text.indexOf('"data":') + '"data":'.length
    this.digest.update(`${text.slice(start, text.indexOf('}', start) + 1)}\n`)
  }
}

describe('read, large', () => {
  it('3 M rows: each once, in their order, equal to the result of SQL', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE UNLOGGED TABLE t (id int, v int); ALTER TABLE t SET (autovacuum_enabled = off);
       INSERT INTO t SELECT n, hashint4(n) FROM generate_series(1, ${ROWS}) AS n; ANALYZE t`,
    )
    await using connector = await withConnector(db.config())
    await using running = await startRead(connector)
    const summary = new NarrowSummary()
    for await (const line of linesOf(running)) summary.line(line)
    const { code, stderr } = await running.ended
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(summary.rows).to.equal(ROWS)
    const [expected] = await db.sql(
      `SELECT md5(string_agg('{"id":' || id || ',"v":' || v || E'}\\n', '' ORDER BY id)) FROM t`,
    )
    expect(summary.digest.digest('hex')).to.equal(expected?.['md5'])
    const counted = summary.others.map(({ state }) => state?.sourceStats?.recordCount ?? 0)
    expect(counted.reduce((sum, count) => sum + count, 0)).to.equal(ROWS)
    expect(summary.others.filter(({ state }) => state !== undefined)).to.have.length.above(10)
  })

  it('a value of 200 MB between two short ones', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE UNLOGGED TABLE t (id int, v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL;
       INSERT INTO t VALUES (1, 'short');
       INSERT INTO t SELECT 2, repeat(E'quote " back \\\\ é€ tab \\t', ${HUGE_BYTES} / 25);
       INSERT INTO t VALUES (3, 'short')`,
    )
    await using connector = await withConnector(db.config())
    await using running = await startRead(connector)
    const digests: string[] = []
    for await (const line of linesOf(running)) {
      if (!line.toString('latin1', 0, RECORD.length).startsWith(RECORD)) continue
      const { record } = parseMessage(line.toString())
      digests.push(createHash('md5').update(String(record?.data['v'])).digest('hex'))
    }
    expect((await running.ended).code).to.equal(0)
    const expected = await db.sql('SELECT md5(v), octet_length(v) FROM t ORDER BY id')
    expect(digests).to.deep.equal(expected.map(({ md5 }) => md5))
    expect(Number(expected[1]?.['octet_length'])).to.be.at.least(HUGE_BYTES)
  })
})
