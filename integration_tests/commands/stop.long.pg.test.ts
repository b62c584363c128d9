import { once } from 'node:events'
import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connector,
  type RunningConnector,
  startConnector,
  withConnector,
} from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, lastStates, type Message, parseMessage } from '../helpers/messages.ts'

const ROWS = 60_000
const BATCH_ROWS = 1000
/** A process that has not ended after this time is considered to hang. */
const OPTIONS = { timeoutMs: 20_000 }
/** Longer than the timeout of a test. */
const NEVER_MS = 3_600_000
/** The server also waits for a connector that gets no CPU time, or reads in bursts. */
const BLOCKED_POLLS = 10
const POLL_MS = 20
/** Reads streams one after the other. */
const ONE_CONNECTION = { max_connections: 2 }

async function read(connector: Connector, ...streams: string[]): Promise<RunningConnector> {
  const catalog = configuredCatalog(await connector.catalog(), { streams })
  return await connector.startRead({ catalog }, OPTIONS)
}

/** Reads up to the first record: the connector then waits for the full pipe. */
async function readFirstRecord(running: RunningConnector): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.type === 'RECORD') return messages
  }
  throw new Error('There was no record')
}

async function readRest(running: RunningConnector): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of running.messages()) messages.push(message)
  return messages
}

async function backendsOf(db: TestDatabase, condition = 'true'): Promise<number> {
  const rows = await db.sql(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'sqlflow' AND ${condition}`,
  )
  return rows.length
}

/** Waits without a limit of its own; the timeout of the test applies. */
async function untilBackends(db: TestDatabase, count: number, condition?: string): Promise<void> {
  while ((await backendsOf(db, condition)) !== count) await sleep(POLL_MS)
}

/**
 * Waits until the connector is blocked in a write, with all buffers full. Node.js cannot exit then,
 * because the write blocks one of its threads; the connector therefore ends itself by SIGKILL.
 * A backend may have sent all of its part: then it is idle.
 */
async function untilWriteBlocks(db: TestDatabase, { process }: RunningConnector): Promise<void> {
  const sending = "state = 'active' AND wait_event IS DISTINCT FROM 'ClientWrite'"
  for (let times = 0; times < BLOCKED_POLLS; await sleep(POLL_MS)) {
    const hasBegun = (await backendsOf(db, "query ~ 'COPY'")) > 0
    const isFull = hasBegun && (await backendsOf(db, sending)) === 0
    times = isFull && (await isAsleep(process.pid!)) ? times + 1 : 0
  }
}

/** Whether no thread of a process is running or waits for the CPU. Without /proc: unknown, true. */
async function isAsleep(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const stats = await Promise.all(
    threads.map(
      async (id) => await readFile(`/proc/${pid}/task/${id}/stat`, 'latin1').catch(() => ''),
    ),
  )
  return stats.every((stat) => !/\) [RD] /.test(stat))
}

function statusesOf(messages: readonly Message[]): string[] {
  return messages.flatMap(({ trace }) => {
    const status = trace?.stream_status
    return status === undefined ? [] : `${status.stream_descriptor.name}: ${status.status}`
  })
}

function failuresOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.flatMap(({ trace }) => (trace?.error ? [trace.error.failure_type] : []))
}

describe('a read that is stopped', () => {
  let db: TestDatabase
  let connector: Connector

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE big (id int, v text);
       INSERT INTO big SELECT n, repeat('x', 2000) FROM generate_series(1, ${ROWS}) AS n;
       CREATE TABLE later (a int); CREATE TABLE locked (a int); INSERT INTO locked VALUES (1);
       CREATE VIEW slow AS SELECT n, repeat('x', 20000) AS v, pg_sleep(0.05)::text AS s
       FROM generate_series(1, 1000000) AS n`,
    )
    connector = await withConnector(db.config({ batch_size: BATCH_ROWS, max_retries: 0 }))
  })

  after(async () => {
    await connector[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })

  for (const [stream, kind] of [
    ['big', 'that fills the pipe'],
    ['slow', 'that gives a row now and then'],
  ] as const) {
    it(`ends without an error if the consumer closes the pipe of a stream ${kind}`, async () => {
      await using running = await read(connector, stream)
      await readFirstRecord(running)
      running.process.stdout?.destroy()
      const { code, signal, stderr } = await running.ended
      expect({ signal, stderr }).to.deep.equal({ signal: null, stderr: '' })
      expect(code).to.equal(1)
      await untilBackends(db, 0)
    })
  }

  it('discover ends if its pipe is already closed', async () => {
    await using running = startConnector(['discover', '--config', connector.configFile], OPTIONS)
    running.process.stdout?.destroy()
    const { code, stderr } = await running.ended
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: '' })
    await untilBackends(db, 0)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal}: emits the last state, INCOMPLETE and a transient error, exit code 1`, async () => {
      const config = { batch_size: BATCH_ROWS, max_retries: 0, ...ONE_CONNECTION }
      await using single = await withConnector(db.config(config))
      await using running = await read(single, 'big', 'later')
      const messages = await readFirstRecord(running)
      running.process.kill(signal)
      messages.push(...(await readRest(running)))
      const ending = await running.ended
      expect(ending).to.deep.equal({ code: 1, signal: null, stderr: '' })
      expect(statusesOf(messages)).to.deep.equal([
        'big: STARTED',
        'big: RUNNING',
        'big: INCOMPLETE',
        'later: INCOMPLETE',
      ])
      expect(failuresOf(messages)).to.deep.equal(['transient_error'])
      const records = messages.filter(({ type }) => type === 'RECORD')
      expect(records).to.have.length.below(ROWS)
      await untilBackends(db, 0)
    })
  }

  it('SIGTERM: the next read resumes from the last state, and no row is lost', async () => {
    await using running = await read(connector, 'big')
    const messages = await readFirstRecord(running)
    for await (const message of running.messages()) {
      messages.push(message)
      if (message.type === 'STATE') break
    }
    running.process.kill('SIGTERM')
    messages.push(...(await readRest(running)))
    const last = messages.findLastIndex(({ type }) => type === 'STATE')
    const catalog = configuredCatalog(await connector.catalog(), { streams: ['big'] })
    const rest = await connector.read({ catalog, state: lastStates(messages) })
    expect(rest.code).to.equal(0)
    const before = messages.slice(0, last).flatMap(({ record }) => record?.data['id'] ?? [])
    const ids = [...before, ...rest.records.map(({ data }) => data['id'])]
    expect(new Set(ids).size).to.equal(ROWS)
    // The rows after the last checkpoint are repeated: less than a window, which is slightly larger
    // than a batch
    expect(ids.length - ROWS).to.be.below(1.1 * BATCH_ROWS)
  })

  it('SIGTERM while the consumer does not read', async () => {
    await using whole = await withConnector(db.config({ batch_size: ROWS }))
    const catalog = configuredCatalog(await connector.catalog(), { streams: ['big'] })
    await using running = await whole.startRead({ catalog }, { timeoutMs: NEVER_MS })
    await untilWriteBlocks(db, running)
    running.process.kill('SIGTERM')
    expect(await once(running.process, 'exit')).to.deep.equal([null, 'SIGKILL'])
    await untilBackends(db, 0)
  })

  it('SIGTERM while the consumer of Arrow data does not read: INCOMPLETE and TRACE on stderr', async () => {
    const catalog = configuredCatalog(await connector.catalog(), { streams: ['big'] })
    const args = [...(await connector.readArgs({ catalog })), '--format', 'arrow']
    await using running = startConnector(args, { timeoutMs: NEVER_MS })
    await untilWriteBlocks(db, running)
    running.process.kill('SIGTERM')
    const { signal, stderr } = await running.ended
    expect(signal).to.equal('SIGKILL')
    const messages = stderr.trimEnd().split('\n').map(parseMessage)
    expect(statusesOf(messages).at(-1)).to.equal('big: INCOMPLETE')
    expect(failuresOf(messages)).to.deep.equal(['transient_error'])
    await untilBackends(db, 0)
  })

  it('SIGTERM while it waits for a lock', async () => {
    await using holder = await db.session()
    await holder.sql('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
    await using running = await read(connector, 'locked')
    const rest = readRest(running)
    await untilBackends(db, 1, "wait_event_type = 'Lock'")
    running.process.kill('SIGTERM')
    const messages = await rest
    expect(await running.ended).to.deep.equal({ code: 1, signal: null, stderr: '' })
    expect(statusesOf(messages).at(-1)).to.equal('locked: INCOMPLETE')
    expect(failuresOf(messages)).to.deep.equal(['transient_error'])
    await untilBackends(db, 0)
  })

  for (const command of ['check', 'discover']) {
    it(`SIGTERM while ${command} waits for a lock`, async () => {
      await using holder = await db.session()
      await holder.sql('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
      await using waiting = await withConnector(db.config({ query: 'SELECT a FROM locked' }))
      await using running = startConnector([command, '--config', waiting.configFile], OPTIONS)
      const rest = readRest(running)
      await untilBackends(db, 1, "wait_event_type = 'Lock'")
      running.process.kill('SIGTERM')
      expect(failuresOf(await rest)).to.deep.equal(['transient_error'])
      expect(await running.ended).to.deep.equal({ code: 1, signal: null, stderr: '' })
      await untilBackends(db, 0)
    })
  }

  it('SIGKILL: no query of the connector keeps running', async () => {
    await using running = await read(connector, 'big')
    await readFirstRecord(running)
    running.process.kill('SIGKILL')
    await readRest(running)
    await untilBackends(db, 0)
  })

  for (const stream of ['big', 'slow']) {
    it(`a backend that is terminated while it reads '${stream}' causes a transient error`, async () => {
      await using running = await read(connector, stream)
      const messages = await readFirstRecord(running)
      await db.sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'sqlflow'`,
      )
      messages.push(...(await readRest(running)))
      expect(await running.ended).to.deep.equal({ code: 1, signal: null, stderr: '' })
      expect(statusesOf(messages).at(-1)).to.equal(`${stream}: INCOMPLETE`)
      expect(failuresOf(messages)).to.deep.equal(['transient_error'])
    })
  }
})
