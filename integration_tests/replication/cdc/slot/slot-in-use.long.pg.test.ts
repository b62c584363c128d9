import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { otherReader } from '../other-reader.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
/** More than the buffers between the server and a consumer that reads nothing hold. */
const ROWS = 50_000
const FILL = `INSERT INTO t SELECT i, repeat('x', 300) FROM generate_series(1, ${ROWS}) AS i`

/** Reads from the given state; `onWait` is called when the sync waits for the slot. */
async function readWaiting(
  cdc: CdcDatabase,
  state: unknown,
  onWait: () => Promise<void>,
): Promise<{ waits: readonly string[]; records: readonly RecordMessage[] }> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config())
  await using run = await connector.startRead({ catalog, state: [state] })
  const records: RecordMessage[] = []
  const waits: string[] = []
  for await (const { log, record } of run.messages()) {
    if (record !== undefined) records.push(record)
    if (log?.message.includes('The sync waits for it') !== true) continue
    waits.push(log.message)
    await onWait()
  }
  expect((await run.ended).code).to.equal(0)
  return { waits, records }
}

describe('a slot that another session holds', () => {
  let server: Server

  before(async () => {
    server = await Server.start({ settings: { wal_sender_timeout: '4s' } })
  })
  after(async () => await server[Symbol.asyncDispose]())

  it('and releases: the sync logs which session it waits for, and reads', async () => {
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc))
    await cdc.sql("INSERT INTO t VALUES (1, 'new')")
    const reader = await otherReader(cdc)
    const [holder] = await cdc.sql('SELECT active_pid AS pid FROM pg_replication_slots')
    const { waits, records } = await readWaiting(cdc, state, async () => {
      await reader[Symbol.asyncDispose]()
    })
    expect(records.map(({ data }) => data['id'])).to.deep.equal([1])
    expect(waits).to.have.length(1)
    const expected = `^Replication slot "${cdc.slot}" is in use by process ${holder?.['pid']} \\(other_reader from 127.0.0.1, since 20[\\d-]+T[\\d:+]+\\)\\. The sync waits for it, for up to 70 s\\.$`
    expect(waits[0]).to.match(new RegExp(expected))
  })

  it('of an earlier sync whose host is gone: the next sync waits until the server ends it', async () => {
    await using cdc = await CdcDatabase.create(TABLE, { server })
    const state = lastState(await sync(cdc))
    await cdc.sql(FILL)
    const catalog = await incrementalCatalog(cdc)
    await using connector = await withConnector(cdc.config())
    await using gone = await connector.startRead({ catalog, state: [state] })
    for await (const { record } of gone.messages()) if (record !== undefined) break
    // Its connection stays open without data
    gone.process.kill('SIGSTOP')
    const [holder] = await cdc.sql('SELECT active_pid AS pid FROM pg_replication_slots')
    const { waits, records } = await readWaiting(cdc, state, () => Promise.resolve())
    expect(records).to.have.length(ROWS)
    expect(waits.join()).to.include(`is in use by process ${holder?.['pid']} (sqlflow from`)
  })
})
