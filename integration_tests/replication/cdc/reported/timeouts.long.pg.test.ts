import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { confirmed, lsnOf } from '../slot-position.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, note text)'
/** More than the buffers between the server and the consumer can hold. */
const ROWS = 100_000
const FILL = `INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, ${ROWS}) AS i`
const WHOLE = { records: ROWS, interruptions: 0 }
const major = requestedMajor()

interface PausedSync {
  readonly method?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  readonly state?: unknown
}

/**
 * Runs a sync whose consumer does not read for `ms` after ten records. Returns the numbers of its
 * records and interruptions.
 */
async function readWithPause(
  cdc: CdcDatabase,
  ms: number,
  { method, config, state }: PausedSync,
): Promise<{ records: number; interruptions: number }> {
  const catalog = await incrementalCatalog(cdc)
  await using connector = await withConnector(cdc.config(method, config))
  const given = state === undefined ? {} : { state: [state] }
  await using run = await connector.startRead({ catalog, ...given })
  let records = 0
  let interruptions = 0
  for await (const { record, log } of run.messages()) {
    if (log?.message.includes('interrupted') === true) interruptions++
    if (record !== undefined && ++records === 10) await sleep(ms)
  }
  const { code, stderr } = await run.ended
  expect(code, stderr).to.equal(0)
  return { records, interruptions }
}

describe('a server that sends no keepalives (wal_sender_timeout = 0)', () => {
  let server: Server
  before(async () => {
    server = await Server.start({ settings: { wal_sender_timeout: '0' } })
  })
  after(async () => await server[Symbol.asyncDispose]())

  it('the sync continues without a reconnect, and acknowledges without a request', async () => {
    await using cdc = await CdcDatabase.create(TABLE, { server })
    let state = lastState(await sync(cdc))
    for (let round = 0; round < 2; round++) {
      const idle = await sync(cdc, { state })
      expect(idle.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
      expect(await confirmed(cdc), `idle sync ${round}`).to.equal(lsnOf(state))
      state = lastState(idle)
    }
    await cdc.sql(FILL)
    expect(await readWithPause(cdc, 3000, { state })).to.deep.equal(WHOLE)
    expect(await confirmed(cdc)).to.equal(lsnOf(state))
  })
})

describe('a log that ends with what is not sent', () => {
  it('the sync ends, although the server may report its position only on request', async () => {
    await using cdc = await CdcDatabase.create(TABLE)
    const method = { initial_waiting_seconds: 5 }
    let state = lastState(await sync(cdc))
    for (let round = 0; round < 30; round++) {
      await cdc.sql("SELECT pg_logical_emit_message(false, 'other', 'last')")
      const run = await sync(cdc, { state, method, config: { max_retries: 0 } })
      expect(run.errors, `round ${round}`).to.deep.equal([])
      state = lastState(run)
    }
  })
})

describe('a wal_sender_timeout of 1 s', () => {
  it('does not end a sync while the server decodes a transaction of which nothing is sent', async () => {
    await using server = await Server.start({ settings: { wal_sender_timeout: '1s' } })
    await using cdc = await CdcDatabase.create(`${TABLE}; CREATE TABLE other (a text)`, {
      server,
      publication: 'FOR TABLE t',
    })
    const state = lastState(await sync(cdc))
    await cdc.sql(
      `INSERT INTO other SELECT 'row ' || i FROM generate_series(1, 1000000) AS i; INSERT INTO t VALUES (1)`,
    )
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => data['id'])).to.deep.equal([1])
    expect(run.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
  })
})

describe('timeouts of the role', () => {
  it('do not end a sync that takes longer, neither its first load nor its log', async () => {
    await using cdc = await CdcDatabase.create(`${TABLE}; ${FILL}`)
    const role = `${cdc.slot}_role`
    await cdc.sql(
      `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'p'; GRANT SELECT ON t TO ${role}`,
    )
    const timeouts = [
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
      'tcp_user_timeout',
      ...(major >= 14 ? ['idle_session_timeout'] : []),
      ...(major >= 17 ? ['transaction_timeout'] : []),
    ]
    for (const name of timeouts) await cdc.sql(`ALTER ROLE ${role} SET ${name} = '1s'`)
    const config = { username: role, password: 'p' }
    try {
      expect(await readWithPause(cdc, 3000, { config })).to.deep.equal(WHOLE)
      const state = lastState(await sync(cdc, { config }))
      await cdc.sql('UPDATE t SET note = note')
      expect(await readWithPause(cdc, 3000, { config, state })).to.deep.equal(WHOLE)
    } finally {
      await cdc.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})
