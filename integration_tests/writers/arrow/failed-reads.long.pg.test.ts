import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultProxy } from '../../helpers/fault-proxy.ts'
import {
  type Connector,
  runConnector,
  startConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { lastStates } from '../../helpers/messages.ts'
import { arrowArgs, listFiles, readParts } from './arrow-files.ts'

const ROWS = 30_000
/**
 * Less than the first window of pages, which has 2 MB: its end is the first possible position of a
 * STATE.
 */
const EARLY_BYTES = 1e6
/** Several windows of the table, which has 15 MB. */
const LATE_BYTES = 8e6
const BASE = 'public.t'
const CURSOR = { table: 't', sync_mode: 'incremental', cursor_field: 'id' }

/** Names and bytes of all files in a directory. */
async function contentsOf(directory: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const name of await listFiles(directory)) {
    contents[name] = (await readFile(join(directory, name))).toString('base64')
  }
  return contents
}

async function idsIn(directory: string): Promise<number[]> {
  const tables = await readParts(directory, BASE)
  const ids = tables.flatMap((table) => [...table.getChild('id')!].map(Number))
  return [...new Set(ids)].toSorted((a, b) => a - b)
}

describe('a failed Arrow read', () => {
  let database: TestDatabase
  let connector: Connector
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE t AS SELECT n AS id, rpad('x', 500, 'x') AS filler FROM generate_series(1, ${ROWS}) AS n;
      CREATE VIEW report AS SELECT n AS id FROM generate_series(1, ${ROWS}) AS n; ANALYZE`)
    connector = await withConnector(database.config({ ...CURSOR, batch_size: 2000 }))
  })
  after(async () => {
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  /** Reads `t` twice, so that it has two parts. Returns the directory and the last states. */
  async function readTwice(output: string): Promise<{ directory: string; states: unknown }> {
    const directory = join(connector.directory, output)
    const first = await runConnector(arrowArgs(connector, output))
    await database.sql(`INSERT INTO t SELECT max(id) + 1, 'new' FROM t`)
    const state = await connector.writeFile('first.json', lastStates(first.messages))
    const second = await runConnector([...arrowArgs(connector, output), '--state', state])
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.2.arrow`, `${BASE}.arrow`])
    return { directory, states: lastStates(second.messages) }
  }

  async function idsInTable(): Promise<number[]> {
    return (await database.sql('SELECT id FROM t ORDER BY id')).map(({ id }) => Number(id))
  }

  /** A connector whose connections are lost after `afterBytes`, without retries. */
  async function lossy({ port }: FaultProxy): Promise<Connector> {
    const config = { ...CURSOR, batch_size: 2000, max_retries: 0, port }
    return await withConnector(database.config(config))
  }

  it('of a view does not change the file of the previous read', async () => {
    await using source = await withConnector(database.config({ table: 'report', batch_size: 2000 }))
    const directory = join(source.directory, 'view')
    await runConnector(arrowArgs(source, 'view'))
    const before = await contentsOf(directory)
    expect(Object.keys(before)).to.deep.equal(['public.report.arrow'])
    await database.sql(`
      CREATE OR REPLACE VIEW report AS
      SELECT n / (CASE WHEN n < ${ROWS} - 1000 THEN 1 ELSE 0 END) AS id FROM generate_series(1, ${ROWS}) AS n`)
    const failed = await runConnector(arrowArgs(source, 'view'))
    expect(failed.code).to.equal(1)
    expect(failed.statuses).to.include('report: RUNNING')
    expect(await contentsOf(directory)).to.deep.equal(before)
  })

  it('without a state that ends before its first STATE does not change any part', async () => {
    const { directory, states } = await readTwice('early')
    const before = await contentsOf(directory)
    await using proxy = await FaultProxy.start(database.server.port, {
      type: 'cut',
      afterBytes: EARLY_BYTES,
    })
    await using source = await lossy(proxy)
    const args = arrowArgs(
      { configFile: source.configFile, directory: connector.directory },
      'early',
    )
    const failed = await runConnector(args)
    expect(failed.code).to.equal(1)
    expect(failed.statuses).to.include('t: RUNNING')
    expect(failed.states).to.deep.equal([])
    expect(await contentsOf(directory)).to.deep.equal(before)
    const state = await connector.writeFile('early.json', states)
    await runConnector([...arrowArgs(connector, 'early'), '--state', state])
    expect(await contentsOf(directory)).to.deep.equal(before)
  })

  it('without a state that is killed before its first STATE is not used for the rows of an older state', async () => {
    const { directory, states } = await readTwice('killed')
    const before = await contentsOf(directory)
    await using proxy = await FaultProxy.start(database.server.port, {
      type: 'silence',
      afterBytes: EARLY_BYTES,
    })
    await using source = await lossy(proxy)
    const args = arrowArgs(
      { configFile: source.configFile, directory: connector.directory },
      'killed',
    )
    await using running = startConnector(args)
    for await (const { trace } of running.messages()) {
      if (trace?.stream_status?.status === 'RUNNING') running.process.kill('SIGKILL')
    }
    expect(await listFiles(directory)).to.include(`${BASE}.arrow.tmp`)
    const state = await connector.writeFile('killed.json', states)
    await runConnector([...arrowArgs(connector, 'killed'), '--state', state])
    expect(await contentsOf(directory)).to.deep.equal(before)
  })

  it('without a state that ends after a STATE keeps the old files until a read resumes from it', async () => {
    const { directory } = await readTwice('late')
    const before = await contentsOf(directory)
    await using proxy = await FaultProxy.start(database.server.port, {
      type: 'cut',
      afterBytes: LATE_BYTES,
    })
    await using source = await lossy(proxy)
    const args = arrowArgs(
      { configFile: source.configFile, directory: connector.directory },
      'late',
    )
    const failed = await runConnector(args)
    expect(failed.code).to.equal(1)
    expect(failed.states).to.have.length.above(0)
    const { [`${BASE}.arrow.partial`]: partial, ...rest } = await contentsOf(directory)
    expect(rest).to.deep.equal(before)
    expect(partial).to.be.a('string')
    const warning = failed.logs.find(({ level }) => level === 'WARN')
    expect(warning?.message).to.include(`${BASE}.arrow.partial`)
    const state = await connector.writeFile('late.json', lastStates(failed.messages))
    const resumed = await runConnector([...arrowArgs(connector, 'late'), '--state', state])
    expect(resumed.errors).to.deep.equal([])
    expect(await idsIn(directory)).to.deep.equal(await idsInTable())
  })

  it('without a state keeps the files of a killed read until its own first STATE', async () => {
    const directory = join(connector.directory, 'left')
    await using network = await FaultProxy.start(database.server.port, {
      type: 'throttle',
      bytesPerSecond: LATE_BYTES,
    })
    await using slow = await lossy(network)
    const args = arrowArgs({ configFile: slow.configFile, directory: connector.directory }, 'left')
    await using running = startConnector(args)
    const states: unknown[] = []
    for await (const { state } of running.messages()) {
      if (state === undefined) continue
      states.splice(0, 1, state)
      running.process.kill('SIGKILL')
    }
    const before = await contentsOf(directory)
    expect(Object.keys(before)).to.deep.equal([`${BASE}.arrow.partial`])
    await using proxy = await FaultProxy.start(database.server.port, {
      type: 'cut',
      afterBytes: EARLY_BYTES,
    })
    await using source = await lossy(proxy)
    const failed = await runConnector(
      arrowArgs({ configFile: source.configFile, directory: connector.directory }, 'left'),
    )
    expect(failed.statuses).to.include('t: RUNNING')
    expect(failed.states).to.deep.equal([])
    expect(await contentsOf(directory)).to.deep.equal(before)
    const state = await connector.writeFile('left.json', states)
    await runConnector([...arrowArgs(connector, 'left'), '--state', state])
    expect(await idsIn(directory)).to.deep.equal(await idsInTable())
  })
})
