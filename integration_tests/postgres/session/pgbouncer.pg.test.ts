import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { sharedServer } from '../../helpers/shared-server.ts'
import { Session } from '../../helpers/session.ts'
import { PgBouncer } from './pgbouncer.ts'
import { describeWith } from '../connection/programs.ts'

const ROWS = 5000

describeWith(['/usr/sbin/pgbouncer'], 'PgBouncer in transaction mode', () => {
  let bouncer: PgBouncer
  before(async () => {
    bouncer = await PgBouncer.start(await sharedServer())
  })
  after(async () => await bouncer[Symbol.asyncDispose]())

  it('is detected by check', async () => {
    await using database = await TestDatabase.create()
    await database.sql('CREATE TABLE t (id int4)')
    await using connector = await withConnector(database.config({ port: bouncer.port }))
    const { connectionStatus, logs } = await connector.check()
    expect(connectionStatus).to.deep.equal({ status: 'SUCCEEDED' })
    expect(
      logs.filter(({ message }) => message.startsWith('The connection goes through a pooler')),
    ).to.have.length(1)
  })

  it('is not detected on a direct connection', async () => {
    await using database = await TestDatabase.create()
    await database.sql('CREATE TABLE t (id int4)')
    await using connector = await withConnector(database.config())
    const { logs } = await connector.check()
    expect(logs.filter(({ message }) => message.includes('pooler'))).to.deep.equal([])
  })

  it('reads every row, also if other clients use its backends in turn', async () => {
    await using database = await TestDatabase.create()
    await database.sql(
      `CREATE TABLE big AS SELECT n AS id, n * 0.5 AS half, now() AS at FROM generate_series(1, ${ROWS}) AS n`,
    )
    await using connector = await withConnector(
      database.config({
        port: bouncer.port,
        max_connections: 2,
        batch_size: 500,
        timeout_seconds: 2,
      }),
    )
    const catalog = await connector.catalog()
    const streams = catalog.streams.map((stream) => ({
      stream,
      sync_mode: 'incremental',
      cursor_field: ['id'],
      destination_sync_mode: 'append',
    }))
    const traffic = new AbortController()
    const others = takeTurns(database, bouncer.port, traffic.signal)
    const first = await connector.read({ catalog: { streams } })
    await database.sql(`INSERT INTO big VALUES (${ROWS + 1}, 1, now())`)
    const state = [first.states.at(-1)]
    const second = await connector.read({ catalog: { streams }, state })
    traffic.abort()
    await others
    expect(first.code).to.equal(0)
    expect(new Set(first.records.map(({ data }) => data['id'])).size).to.equal(ROWS)
    expect(second.code).to.equal(0)
    expect(second.records.map(({ data }) => data['id'])).to.deep.equal([ROWS + 1])
  })

  it('rejects options of the session → the message explains it', async () => {
    await using database = await TestDatabase.create()
    const jdbc = { jdbc_url_params: 'options=-c%20work_mem%3D64MB' }
    await using connector = await withConnector(database.config({ port: bouncer.port, ...jdbc }))
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.status).to.equal('FAILED')
    expect(connectionStatus?.message).to.match(/PgBouncer .* take options out of jdbc_url_params/)
  })
})

/** Other clients of the same pool, so that no client keeps a backend. */
async function takeTurns(database: TestDatabase, port: number, signal: AbortSignal): Promise<void> {
  const config = { ...database.server.connectionConfig(database.name), port }
  await using session = await Session.open(config)
  while (!signal.aborted) await session.sql('SELECT count(*) FROM pg_class')
}
