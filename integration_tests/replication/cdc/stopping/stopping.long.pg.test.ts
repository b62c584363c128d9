import { expect } from 'chai'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Ending, withConnector } from '../../../helpers/connector.ts'
import { errorsOf, statusesOf } from '../../../helpers/consumer.ts'
import { FaultProxy } from '../../../helpers/fault-proxy.ts'
import type { RecordMessage, StateMessage } from '../../../helpers/messages.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'
import { type Phase, PHASES, TABLES } from './phases.ts'
import { SyncUnderWay } from './sync-under-way.ts'

const STREAMS = ['big', 'docs'] as const
/** Changes after the stop. */
const CHANGES = `UPDATE docs SET body = 'short'; DELETE FROM big WHERE id = 7; INSERT INTO big VALUES (-7, 'later')`

/** Starts a sync through a proxy, waits for the phase and stops it. */
async function stopIn(
  { method, config, enter }: Phase,
  signal: NodeJS.Signals,
  { cdc, state }: { cdc: CdcDatabase; state: StateMessage | null },
): Promise<{ under: SyncUnderWay; ending: Ending }> {
  const catalog = await incrementalCatalog(cdc)
  await using proxy = await FaultProxy.start(cdc.db.server.port)
  const extra = { port: proxy.port, application_name: cdc.db.name, batch_size: 1000, ...config }
  await using connector = await withConnector(cdc.config(method, extra))
  const read = await connector.readArgs({ catalog, ...(state !== null && { state: [state] }) })
  const args = [...read, '--state-out', join(connector.directory, 'out.json')]
  await using under = new SyncUnderWay({ cdc, proxy, connector, args })
  const hold = await enter(under)
  const ending = await under.stop(signal)
  await hold?.[Symbol.asyncDispose]()
  return { under, ending }
}

/** Expects the end that docs/operations.md describes; after SIGKILL, there is no output. */
function expectEnd(
  { status = 'INCOMPLETE' }: Phase,
  signal: NodeJS.Signals,
  { under, ending }: { under: SyncUnderWay; ending: Ending },
): void {
  const { messages } = under
  if (signal === 'SIGKILL') {
    expect(ending).to.deep.equal({ code: null, signal, stderr: '' })
    expect(errorsOf({ messages })).to.deep.equal([])
    return
  }
  expect(ending, JSON.stringify(messages.slice(-5))).to.deep.equal({
    code: 1,
    signal: null,
    stderr: '',
  })
  expect(errorsOf({ messages })).to.deep.equal([
    `transient_error: The sync was stopped by ${signal}. Run it again to resume from the last state.`,
  ])
  expect(messages.at(-1)?.trace?.error, 'the TRACE comes last').not.to.equal(undefined)
  // A process that does not end in time is ended without its last report
  const isReported = messages.at(-2)?.log?.health !== undefined
  expect(isReported, 'the last health report').to.equal(status !== null)
  const expected = status === null ? [] : STREAMS.map((stream) => `${stream}: ${status}`)
  expect(statusesOf({ messages }).slice(-STREAMS.length)).to.deep.equal(expected)
}

async function expectFoldIsTable(
  cdc: CdcDatabase,
  records: readonly RecordMessage[],
): Promise<void> {
  for (const stream of STREAMS) {
    const rows = await cdc.sql(`SELECT * FROM ${stream}`)
    const lines = rows.map((row) => JSON.stringify({ ...row, id: Number(row['id']) }))
    const folded = fold(records, stream).map((data) => JSON.stringify(valuesOf(data)))
    expect(folded.toSorted(), stream).to.deep.equal(lines.toSorted())
  }
}

async function untilFree({ cdc }: SyncUnderWay): Promise<void> {
  const sql = `SELECT FROM pg_replication_slots WHERE slot_name = '${cdc.slot}' AND active`
  while ((await cdc.sql(sql)).length > 0) await sleep(5)
}

describe('a CDC sync that is stopped', () => {
  let server: Server

  before(async () => {
    server = await Server.start()
  })
  after(async () => await server[Symbol.asyncDispose]())

  for (const phase of PHASES) {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`by ${signal} ${phase.name}: the next sync continues from the last state`, async () => {
        await using cdc = await CdcDatabase.create(TABLES, { server })
        const first = phase.isLater ? await sync(cdc) : null
        const state = first === null ? null : lastState(first)
        for (const sql of phase.sql ?? []) await cdc.sql(sql)
        const stopped = await stopIn(phase, signal, { cdc, state })
        expectEnd(phase, signal, stopped)
        const { under } = stopped
        await cdc.sql(CHANGES)
        const given = under.messages.findLast((message) => message.state)?.state ?? state
        const { method = {} } = phase
        const rest = await sync(cdc, { method, ...(given !== null && { state: given }) })
        const last = lastState(rest)
        const came = under.messages.flatMap(({ record }) => record ?? [])
        await expectFoldIsTable(cdc, [...(first?.records ?? []), ...came, ...rest.records])
        expect((await sync(cdc, { state: last })).records).to.deep.equal([])
        await untilFree(under)
        while ((await under.backends()) > 0) await sleep(5)
      })
    }
  }
})
