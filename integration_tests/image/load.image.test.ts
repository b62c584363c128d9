import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { createTable, MIXED } from '../../bench/tables.ts'
import {
  configuredCatalog,
  type Message,
  parseMessage,
  type StateMessage,
} from '../helpers/messages.ts'
import { grouped, printLines } from '../helpers/report.ts'
import { type ContainerRun, docker, type Tally } from './docker.ts'
import { ImageSubject } from './image-subject.ts'

const ROWS = Number(process.env['IMAGE_TEST_ROWS'] ?? 2_000_000)
/** The second option disables swap. */
const MEMORY_LIMIT = ['--memory=256m', '--memory-swap=256m']
const POLL_MS = 250
const STALL_MS = 10_000
/**
 * Maximum growth: buffers may fill and garbage may wait for collection, but nothing may accumulate.
 */
const MAX_GROWTH_MEBIBYTES = 32
const STOP_GRACE_SECONDS = 10
/** Default of batch_size. */
const BATCH_ROWS = 10_000

describe('the image under load', () => {
  let subject: ImageSubject
  let catalog: unknown

  before(async () => {
    subject = await ImageSubject.create()
    await subject.sql(createTable(MIXED, ROWS))
    await subject.sql(`VACUUM (FREEZE) ${MIXED.name}`)
    const { messages } = await subject.run('discover', { config: subject.config })
    const discovered = messages.find((message) => message.catalog)?.catalog ?? { streams: [] }
    catalog = configuredCatalog(discovered, { streams: [MIXED.name] })
  })

  after(async () => {
    await subject.sql(`DROP TABLE IF EXISTS ${MIXED.name}`)
    await subject[Symbol.asyncDispose]()
  })

  it(`reads ${grouped(ROWS)} rows in 256 MB`, async () => {
    await using run = await subject.start(
      'read',
      { config: subject.config, catalog },
      { options: MEMORY_LIMIT },
    )
    const started = performance.now()
    const peak = watchPeak(run)
    const tally = await run.tally()
    const seconds = (performance.now() - started) / 1000
    expect(tally.code, tally.stderr).to.equal(0)
    expect(tally.records).to.equal(ROWS)
    const rate = grouped(ROWS / seconds)
    const size = grouped(tally.bytes / 1e6)
    printLines(
      `      ${seconds.toFixed(1)} s, ${rate} rows/s, ${size} MB, peak ${grouped((await peak) ?? 0)} MiB`,
    )
  })

  it('does not grow while its consumer does not read for ten seconds', async () => {
    await using run = await subject.start(
      'read',
      { config: subject.config, catalog },
      { options: MEMORY_LIMIT },
    )
    await sleep(STALL_MS / 2)
    const before = await run.memory('VmRSS')
    await sleep(STALL_MS)
    const after = await run.memory('VmRSS')
    printLines(`      ${grouped(before ?? 0)} MiB, ten seconds later ${grouped(after ?? 0)} MiB`)
    expect((after ?? Infinity) - (before ?? 0)).to.be.lessThan(MAX_GROWTH_MEBIBYTES)
    const tally = await run.tally()
    expect(tally).to.include({ code: 0, records: ROWS })
  })

  it('ends with its last state after docker stop, and the next run resumes from it', async () => {
    await using run = await subject.start('read', { config: subject.config, catalog })
    const stops: Promise<number>[] = []
    const tally = await run.tally((line) => {
      if (stops.length === 0 && line.startsWith('{"type":"STATE"')) stops.push(stop(run))
    })
    const messages = tally.lines.map(parseMessage)
    expect(tally.code, tally.stderr).to.equal(1)
    expect(await stops[0]).to.be.lessThan(STOP_GRACE_SECONDS)
    expect(endOf(messages)).to.deep.equal(['INCOMPLETE', 'transient_error'])
    const states = messages.flatMap(({ state }) => state ?? [])
    const rest = await goOn(states)
    const delivered = states.reduce(
      (sum, { sourceStats }) => sum + (sourceStats?.recordCount ?? 0),
      0,
    )
    printLines(
      `      ${grouped(tally.records)} rows before the end, ${grouped(rest.records)} after it`,
    )
    expect(tally.records).to.be.lessThan(ROWS)
    // Rows read after the last state are repeated
    expect(delivered + rest.records - ROWS, 'repeated rows').to.be.within(0, BATCH_ROWS)
  })

  async function goOn(states: readonly StateMessage[]): Promise<Tally> {
    const files = { config: subject.config, catalog, state: states.slice(-1) }
    await using run = await subject.start('read', files)
    const tally = await run.tally()
    expect(tally.code, tally.stderr).to.equal(0)
    return tally
  }
})

/** Highest VmHWM while the container ran. */
async function watchPeak(run: ContainerRun): Promise<number | null> {
  let peak: number | null = null
  while (run.process.exitCode === null) {
    peak = (await run.memory('VmHWM')) ?? peak
    await sleep(POLL_MS)
  }
  return peak
}

/** Duration of `docker stop` in seconds. */
async function stop(run: ContainerRun): Promise<number> {
  const started = performance.now()
  await docker('stop', '--time', String(STOP_GRACE_SECONDS), run.name)
  return (performance.now() - started) / 1000
}

/** Last stream status and failure type of the last error. */
function endOf(messages: readonly Message[]): (string | undefined)[] {
  const statuses = messages.flatMap(({ trace }) => trace?.stream_status?.status ?? [])
  const errors = messages.flatMap(({ trace }) => trace?.error ?? [])
  return [statuses.at(-1), errors.at(-1)?.failure_type]
}
