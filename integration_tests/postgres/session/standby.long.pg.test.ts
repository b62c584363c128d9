import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { withConnector } from '../../helpers/connector.ts'
import { lastStates, recordsOf } from '../../helpers/messages.ts'
import { Server } from '../../helpers/server.ts'
import { backendsOf } from '../../helpers/backends.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'

const ROWS = 100_000
const SERIALIZABLE = 'options=-c%20default_transaction_isolation%3Dserializable'

describe('a hot standby', () => {
  let primary: Server
  let standby: Server
  before(async () => {
    primary = await Server.start()
    await primary.query(`
      CREATE TABLE big AS SELECT n AS id, repeat('x', 100) AS text FROM generate_series(1, ${ROWS}) AS n;
      CREATE TABLE churn AS SELECT n AS id FROM generate_series(1, 1000) AS n`)
    standby = await primary.createStandby({ max_standby_streaming_delay: '100' })
  })
  after(async () => {
    await standby[Symbol.asyncDispose]()
    await primary[Symbol.asyncDispose]()
  })

  function config(extra: object = {}): object {
    const { host, port, user, password, database } = standby.connectionConfig()
    return { host, port, database, user, password, ssl_mode: 'disable', ...extra }
  }

  it('is detected by check', async () => {
    await using connector = await withConnector(config())
    const { connectionStatus, logs } = await connector.check()
    expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    expect(
      logs.filter(({ message }) => message.startsWith('The server is a standby')),
    ).to.have.length(1)
  })

  it('default_transaction_isolation = serializable: check reports its health', async () => {
    await using connector = await withConnector(config({ jdbc_url_params: SERIALIZABLE }))
    const { connectionStatus, logs } = await connector.check()
    expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    const [health] = logs.flatMap(({ health: report }) => (report === undefined ? [] : [report]))
    expect(health).to.deep.include({ status: 'healthy', table_count: 2 })
  })

  it('default_transaction_isolation = serializable: the connector waits for an active backend', async () => {
    const slow = { query: 'SELECT pg_catalog.pg_sleep(3)::text AS slept', timeout_seconds: 1 }
    await using connector = await withConnector(config({ jdbc_url_params: SERIALIZABLE, ...slow }))
    const { errors, records, logs } = await connector.read()
    expect(errors).to.deep.equal([])
    expect(records).to.have.length(1)
    expect(logs.map(({ message }) => message).join()).to.include('is active')
  })

  for (const method of ['Standard', 'Xmin']) {
    it(`is read incrementally, ${method}`, async () => {
      await primary.query(
        `CREATE TABLE t_${method} AS SELECT n AS id FROM generate_series(1, 10) AS n`,
      )
      await untilReplayed()
      const table = `t_${method.toLowerCase()}`
      const choice = { table, sync_mode: 'incremental', cursor_field: 'id' }
      await using connector = await withConnector(
        config({ ...choice, replication_method: { method } }),
      )
      const first = await connector.read()
      expect(recordsOf(first.messages, table)).to.have.length(10)
      await primary.query(
        `INSERT INTO ${table} VALUES (11); UPDATE ${table} SET id = 12 WHERE id = 3`,
      )
      await untilReplayed()
      const second = await connector.read({ state: lastStates(first.messages) })
      const ids = recordsOf(second.messages, table).map(({ id }) => id)
      expect(ids).to.have.members([11, 12])
    })
  }

  async function untilReplayed(): Promise<void> {
    const [row] = await primary.query('SELECT pg_current_wal_insert_lsn() AS lsn')
    const replayed = `SELECT pg_last_wal_replay_lsn() >= '${row?.['lsn']}' AS is_there`
    for (;;) {
      const [answer] = await standby.query(replayed)
      if (answer?.['is_there'] === 't') return
      await sleep(20)
    }
  }

  it('shares its snapshot: two backends read a table if one is too slow', async () => {
    const fault = { type: 'throttle', bytesPerSecond: 5e6 } as const
    await using network = await FaultProxy.start(standby.port, fault)
    const slow = { table: 'big', batch_size: 500, port: network.port, application_name: 'slow' }
    await using connector = await withConnector(config(slow))
    await using running = await connector.startRead()
    const ids: unknown[] = []
    let readers = 0
    for await (const { record, state } of running.messages()) {
      if (record !== undefined) ids.push(record.data['id'])
      if (state !== undefined && readers < 2) {
        readers = (await backendsOf(standby, 'slow', true)).length
      }
    }
    expect((await running.ended).code).to.equal(0)
    expect(ids).to.deep.equal(Array.from({ length: ROWS }, (_, index) => index + 1))
    expect(readers).to.equal(2)
  })

  it('a read that recovery cancels is retried, and complete', async () => {
    await using connector = await withConnector(config({ table: 'big', batch_size: 1000 }))
    await using running = await connector.startRead()
    const ids = new Set<unknown>()
    const warnings: string[] = []
    for await (const { record, log } of running.messages()) {
      if (log?.level === 'WARN') warnings.push(log.message)
      if (record === undefined) continue
      ids.add(record.data['id'])
      if (ids.size !== 5000) continue
      await primary.query('DELETE FROM churn')
      await primary.query('VACUUM churn')
      await sleep(1500) // Like a slow consumer; longer than max_standby_streaming_delay
    }
    expect((await running.ended).code, warnings.join('\n')).to.equal(0)
    expect(ids.size).to.equal(ROWS)
    expect(warnings.filter((text) => text.includes('interrupted')).join()).to.include('40001')
  })
})
