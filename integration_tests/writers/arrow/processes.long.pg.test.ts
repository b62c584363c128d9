import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestedMajor } from '../../helpers/binaries.ts'
import {
  type Connector,
  runConnector,
  startConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'
import type { Message } from '../../helpers/messages.ts'
import { Server } from '../../helpers/server.ts'
import { arrowArgs, listFiles, readParts } from './arrow-files.ts'

/**
 * Number of rows. Pages with few rows: 150 MB are enough for two processes, with few rows to
 * compare.
 */
const ROWS = 40_000
const CREATE = `
  CREATE TABLE big (id int, filler text) WITH (fillfactor = 10);
  INSERT INTO big SELECT n, rpad('x', 500, 'x') FROM generate_series(1, ${ROWS}) AS n;
  CREATE TABLE small AS SELECT n AS id FROM generate_series(1, 10) AS n; ANALYZE`
const BASE = 'public.big'
/** First version in which a table can be read by ranges of its pages. */
const MAJOR_WITH_RANGES = 14
const SLOW = { type: 'throttle', bytesPerSecond: 4e6 } as const
const TWO = ['--processes', '2']

async function idsIn(directory: string): Promise<number[]> {
  const tables = await readParts(directory, BASE)
  const ids = tables.flatMap((table) => [...table.getChild('id')!].map(Number))
  return ids.toSorted((a, b) => a - b)
}

const ALL_IDS = Array.from({ length: ROWS }, (_, index) => index + 1)

/** Processes whose parent is `pid`. */
async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = []
  for (const name of (await readdir('/proc')).filter((each) => /^\d+$/.test(each))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state !== 'Z' && Number(parent) === pid) children.push(Number(name))
  }
  return children
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !['', 'Z'].includes(stat.slice(stat.lastIndexOf(')') + 2).charAt(0))
}

describe('read --processes', () => {
  let database: TestDatabase
  let connector: Connector
  /** Slow enough that processes can be stopped while they read. */
  let slowNetwork: FaultProxy
  const isDivided = requestedMajor() >= MAJOR_WITH_RANGES
  const parts = isDivided ? [`${BASE}.2.arrow`, `${BASE}.arrow`] : [`${BASE}.arrow`]
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(CREATE)
    connector = await withConnector(database.config())
    slowNetwork = await FaultProxy.start(database.server.port, SLOW)
  })
  after(async () => {
    await slowNetwork[Symbol.asyncDispose]()
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  async function withSlow(values: object = {}): Promise<Connector> {
    return await withConnector(
      database.config({ port: slowNetwork.port, table: 'big', max_retries: 0, ...values }),
    )
  }

  /** A read without delay into the directory of another connector. */
  function besides({ directory }: Connector): Pick<Connector, 'configFile' | 'directory'> {
    return { configFile: connector.configFile, directory }
  }

  /** Waits for the process that reads the second shard, then calls `act` with its id. */
  async function during(
    slow: Connector,
    act: (child: number, parent: number) => Promise<void> | void,
  ): Promise<{ messages: readonly Message[]; child: number }> {
    await using running = startConnector([...arrowArgs(slow, 'out'), ...TWO])
    const messages: Message[] = []
    let child = 0
    const reading = (async () => {
      for await (const message of running.messages()) messages.push(message)
    })()
    const { pid } = running.process
    while (child === 0 && running.process.exitCode === null) {
      await sleep(20)
      child = (await childrenOf(pid!))[0] ?? 0
    }
    const copying = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`
    while ((await database.sql(copying)).length < 2) await sleep(20)
    await act(child, pid!)
    await reading.catch(() => undefined)
    await running.ended
    return { messages, child }
  }

  it('writes the same rows as one process, a large table to two files and a small one to one', async () => {
    const one = await runConnector(arrowArgs(connector, 'one'))
    expect(one.errors).to.deep.equal([])
    const two = await runConnector([...arrowArgs(connector, 'two'), ...TWO])
    expect(two.errors).to.deep.equal([])
    const directory = join(connector.directory, 'two')
    expect(await listFiles(directory)).to.deep.equal([...parts, 'public.small.arrow'])
    expect(await idsIn(directory)).to.deep.equal(ALL_IDS)
    const schemas = (await readParts(directory, BASE)).map(({ schema }) => String(schema))
    const [whole] = await readParts(join(connector.directory, 'one'), BASE)
    expect([...new Set(schemas)]).to.deep.equal([String(whole!.schema)])
    expect(two.statuses.toSorted()).to.deep.equal(one.statuses.toSorted())
    const counts = two.states.map(({ sourceStats }) => Number(sourceStats?.recordCount))
    expect(counts.reduce((sum, count) => sum + count)).to.equal(ROWS + 10)
    const again = await runConnector(arrowArgs(connector, 'two'))
    expect(again.errors).to.deep.equal([])
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.arrow`, 'public.small.arrow'])
  })

  // Earlier versions have no second process to stop
  if (!isDivided) return

  it('reads one snapshot while rows are written', async () => {
    await using slow = await withSlow()
    const { messages } = await during(slow, async () => {
      await database.sql(
        `UPDATE big SET id = id WHERE id % 5 = 0; INSERT INTO big VALUES (0, 'new')`,
      )
    })
    await database.sql('DELETE FROM big WHERE id = 0')
    await database.sql('VACUUM big')
    expect(messages.filter(({ trace }) => trace?.error !== undefined)).to.deep.equal([])
    expect(await idsIn(join(slow.directory, 'out'))).to.deep.equal(ALL_IDS)
  })

  it('stops its processes on SIGTERM and keeps the files of the previous read', async () => {
    await using slow = await withSlow()
    const directory = join(slow.directory, 'out')
    await runConnector([...arrowArgs(besides(slow), 'out'), ...TWO])
    const { messages, child } = await during(slow, (_child, parent) => {
      process.kill(parent, 'SIGTERM')
    })
    expect(messages.flatMap(({ trace }) => trace?.error?.message ?? [])).to.match(/SIGTERM/)
    expect(await isRunning(child)).to.equal(false)
    expect(await listFiles(directory)).to.deep.equal([...parts, 'public.small.arrow'])
    expect(await idsIn(directory)).to.deep.equal(ALL_IDS)
  })

  it('reports the shard of a process that was killed', async () => {
    await using slow = await withSlow()
    const { messages } = await during(slow, (child) => void process.kill(child, 'SIGKILL'))
    const errors = messages.flatMap(({ trace }) => trace?.error ?? [])
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
    expect(errors[0]?.message).to.match(/shard 1 of 2 of stream 'public.big' ended with SIGKILL/)
    expect(await listFiles(join(slow.directory, 'out'))).to.deep.equal([])
  })

  it('reads the table again if a process was killed, each row once', async () => {
    await using slow = await withSlow({ max_retries: 1 })
    const { messages } = await during(slow, (child) => void process.kill(child, 'SIGKILL'))
    expect(messages.filter(({ trace }) => trace?.error !== undefined)).to.deep.equal([])
    expect(await listFiles(join(slow.directory, 'out'))).to.deep.equal(parts)
    expect(await idsIn(join(slow.directory, 'out'))).to.deep.equal(ALL_IDS)
    const counts = messages.map(({ state }) => state?.sourceStats?.recordCount ?? 0)
    expect(counts.reduce((sum, count) => sum + count)).to.equal(ROWS)
  })

  it('logs once what applies to the rows of all processes', async () => {
    await using other = await TestDatabase.create()
    await other.sql(`
      CREATE TABLE prices WITH (fillfactor = 10) AS
      SELECT n::numeric AS price, rpad('x', 500, 'x') AS filler FROM generate_series(1, ${ROWS}) AS n`)
    await using target = await withConnector(other.config())
    const { logs, errors } = await runConnector([...arrowArgs(target, 'out'), ...TWO])
    expect(errors).to.deep.equal([])
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings.filter((message) => message.includes('float64'))).to.have.length(1)
    expect(new Set(warnings)).to.have.property('size', warnings.length)
  })

  it('reads with one backend per process', async () => {
    await using slow = await withSlow()
    let most = 0
    await during(slow, async () => {
      for (let look = 0; look < 50; look++) {
        const copying = await database.sql(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
        )
        most = Math.max(most, copying.length)
        await sleep(20)
      }
    })
    expect(most).to.equal(2)
  })

  it('no process remains after it is killed, and no file after the next read', async () => {
    await using slow = await withSlow()
    const { child } = await during(slow, (_child, parent) => void process.kill(parent, 'SIGKILL'))
    while (await isRunning(child)) await sleep(20)
    expect(await listFiles(join(slow.directory, 'out'))).to.have.length.above(0)
    const next = await runConnector([...arrowArgs(besides(slow), 'out'), ...TWO])
    expect(next.errors).to.deep.equal([])
    const left = await listFiles(join(slow.directory, 'out'))
    expect(left).to.deep.equal([...parts, 'public.small.arrow'])
    expect(await idsIn(join(slow.directory, 'out'))).to.deep.equal(ALL_IDS)
  })

  it("reports a process's error as that of the stream", async () => {
    await using slow = await withSlow()
    const { messages } = await during(slow, async () => {
      await database.sql(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'COPY%' ORDER BY backend_start DESC LIMIT 1`)
    })
    const errors = messages.flatMap(({ trace }) => trace?.error ?? [])
    expect(errors.map(({ failure_type: type }) => type)).to.deep.equal(['transient_error'])
    expect(errors[0]?.message).to.not.match(/ended with/)
  })
})

describe('read --processes from a server that stops', () => {
  it('fails like one process', async () => {
    await using server = await Server.start()
    await using database = await TestDatabase.create(server)
    await database.sql(CREATE)
    await using proxy = await FaultProxy.start(server.port, SLOW)
    const config = database.config({ port: proxy.port, table: 'big', max_retries: 0 })
    await using connector = await withConnector(config)
    await using running = startConnector([...arrowArgs(connector, 'out'), ...TWO])
    const errors: string[] = []
    let child = 0
    for await (const { trace } of running.messages()) {
      if (trace?.stream_status?.status === 'RUNNING') {
        child = (await childrenOf(running.process.pid!))[0] ?? 0
        await server.stop('immediate')
      }
      if (trace?.error !== undefined) errors.push(String(trace.error.failure_type))
    }
    expect(errors).to.deep.equal(['transient_error'])
    expect((await running.ended).code).to.equal(1)
    expect(child === 0 ? false : await isRunning(child)).to.equal(false)
  })
})
