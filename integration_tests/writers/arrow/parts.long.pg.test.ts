import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Connector,
  runConnector,
  startConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { lastStates, type Message } from '../../helpers/messages.ts'
import { arrowArgs, listFiles, readParts } from './arrow-files.ts'

const ROWS = 300_000
const BASE = 'public.big'
const OPTIONS = { batch_size: 5000 }
const INCREMENTAL = {
  ...OPTIONS,
  sync_mode: 'incremental',
  cursor_field: 'updated_at',
  table: 'big',
}
/** A part of the 60 MB of the table. */
const LOST_AFTER_BYTES = 20e6
const SLOW_BYTES_PER_SECOND = 10e6

async function idsIn(directory: string): Promise<Set<number>> {
  const tables = await readParts(directory, BASE)
  return new Set(tables.flatMap((table) => [...table.getChild('id')!].map(Number)))
}

describe('Arrow parts', () => {
  let database: TestDatabase
  let connector: Connector
  /** Slow enough that a read can be stopped between its first states and its end, on any disk. */
  let slowNetwork: FaultProxy
  let slowConfig: string
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE big AS SELECT n AS id, rpad('x', 150, 'x') AS filler,
                                 timestamptz '2024-01-01Z' + n * interval '1 second' AS updated_at
      FROM generate_series(1, ${ROWS}) AS n; ANALYZE`)
    connector = await withConnector(database.config(INCREMENTAL))
    const fault = { type: 'throttle', bytesPerSecond: SLOW_BYTES_PER_SECOND } as const
    slowNetwork = await FaultProxy.start(database.server.port, fault)
    const slow = database.config({ ...INCREMENTAL, port: slowNetwork.port })
    slowConfig = await connector.writeFile('slow.json', slow)
  })
  after(async () => {
    await slowNetwork[Symbol.asyncDispose]()
    await connector[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  /** Runs until the first states were emitted, then sends a signal. */
  async function stopped(directory: string, signal: NodeJS.Signals): Promise<Message[]> {
    const slow = { directory: connector.directory, configFile: slowConfig }
    await using running = startConnector(arrowArgs(slow, directory))
    const messages: Message[] = []
    let states = 0
    for await (const message of running.messages()) {
      messages.push(message)
      if (message.state !== undefined && ++states === 3) running.process.kill(signal)
    }
    return messages
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`contain every row after ${signal} during a write and a resumed read`, async () => {
      const directory = join(connector.directory, signal)
      const messages = await stopped(signal, signal)
      const states = lastStates(messages)
      expect(states).to.have.length(1)
      const left = await listFiles(directory)
      expect(left).to.deep.equal([signal === 'SIGKILL' ? `${BASE}.arrow.partial` : `${BASE}.arrow`])
      const state = await connector.writeFile('state.json', states)
      const rest = await runConnector([...arrowArgs(connector, signal), '--state', state])
      expect(rest.errors).to.deep.equal([])
      expect(await listFiles(directory)).to.deep.equal([`${BASE}.2.arrow`, `${BASE}.arrow`])
      expect((await idsIn(directory)).size).to.equal(ROWS)
      const [, second] = await readParts(directory, BASE).then((tables) => tables.toReversed())
      expect(second?.numRows).to.be.below(ROWS)
    })
  }

  it('an incomplete batch at the end of a killed read is left out, whatever its length', async () => {
    const partial = join(connector.directory, 'torn', `${BASE}.arrow.partial`)
    const messages = await stopped('torn', 'SIGKILL')
    const bytes = await readFile(partial)
    const states = await connector.writeFile('state.json', lastStates(messages))
    for (const length of [bytes.length - 1, bytes.length - 1000, bytes.length - 100_001]) {
      await writeFile(partial, bytes.subarray(0, length))
      const run = await runConnector([...arrowArgs(connector, 'torn'), '--state', states])
      expect(run.errors).to.deep.equal([])
      const log = run.logs.find(({ message }) => message.startsWith('Recovered file'))
      expect(log?.message).to.match(/interrupted read: [1-9]\d* rows/)
    }
  })

  it('are one file with every row if connections are lost and the read resumes', async () => {
    const fault = { type: 'reset', afterBytes: LOST_AFTER_BYTES } as const
    await using proxy = await FaultProxy.start(database.server.port, fault)
    await using source = await withConnector(database.config({ ...INCREMENTAL, port: proxy.port }))
    const run = await runConnector(arrowArgs(source, 'lost'))
    expect(run.errors).to.deep.equal([])
    expect(run.statuses.at(-1)).to.equal('big: COMPLETE')
    const logs = run.logs.map(({ message }) => message).join('\n')
    expect(logs).to.include('The read was interrupted')
    const directory = join(source.directory, 'lost')
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.arrow`])
    expect((await idsIn(directory)).size).to.equal(ROWS)
  })

  it('continue in another file if a column changes while the connection is lost', async () => {
    await database.sql(`CREATE TABLE changing AS SELECT id, filler::varchar(150) FROM big`)
    const fault = { type: 'reset', afterBytes: LOST_AFTER_BYTES } as const
    await using proxy = await FaultProxy.start(database.server.port, fault)
    const options = { ...OPTIONS, table: 'changing', port: proxy.port }
    await using source = await withConnector(database.config(options))
    await using running = startConnector(arrowArgs(source, 'changed'))
    for await (const { log } of running.messages()) {
      if (log?.message.includes('The read was interrupted') !== true) continue
      await database.sql('ALTER TABLE changing ALTER filler TYPE text')
    }
    expect(await running.ended).to.deep.include({ code: 0, stderr: '' })
    const directory = join(source.directory, 'changed')
    const base = 'public.changing'
    expect(await listFiles(directory)).to.deep.equal([`${base}.2.arrow`, `${base}.arrow`])
    const tables = await readParts(directory, base)
    const ids = tables.flatMap((table) => [...table.getChild('id')!].map(Number))
    expect(new Set(ids).size).to.equal(ROWS)
  })

  it('are one more after each sync with new rows, and no more after one without', async () => {
    const state = join(connector.directory, 'grow.json')
    const args = [...arrowArgs(connector, 'grow'), '--state', state, '--state-out', state]
    const directory = join(connector.directory, 'grow')
    await runConnector(args)
    await runConnector(args)
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.arrow`])
    await database.sql(`INSERT INTO big VALUES (${ROWS} + 1, 'new', '2030-01-01Z')`)
    await runConnector(args)
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.2.arrow`, `${BASE}.arrow`])
    const [next] = await readParts(directory, BASE)
    expect(next?.numRows).to.equal(1)
    await database.sql(`DELETE FROM big WHERE id > ${ROWS}`)
  })

  it('are all replaced by a read without a state', async () => {
    await runConnector(arrowArgs(connector, 'grow'))
    const directory = join(connector.directory, 'grow')
    expect(await listFiles(directory)).to.deep.equal([`${BASE}.arrow`])
    expect((await idsIn(directory)).size).to.equal(ROWS)
  })

  it('of an empty table contain the schema and no rows', async () => {
    await database.sql('CREATE TABLE "empty / one" (id int, name text)')
    await using empty = await withConnector(database.config({ table: 'empty / one' }))
    const run = await runConnector(arrowArgs(empty, 'out'))
    expect(run.errors).to.deep.equal([])
    const directory = join(empty.directory, 'out')
    expect(await listFiles(directory)).to.deep.equal(['public.empty%20%2F%20one.arrow'])
    const [table] = await readParts(directory, 'public.empty%20%2F%20one')
    expect(table?.schema.fields.map(({ name }) => name)).to.deep.equal(['id', 'name'])
    expect(table?.numRows).to.equal(0)
  })
})
