import { expect } from 'chai'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import { readHealth } from '../../../src/postgres/session/health.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { Server } from '../../helpers/server.ts'

const TIMEOUT_MS = 500

async function connect(db: TestDatabase, extra: Record<string, unknown> = {}): Promise<Database> {
  return await Database.connect(parseConfig(db.config(extra)).config)
}

describe('readHealth', () => {
  it('has no facts about a database if all connections are in use', async () => {
    await using db = await TestDatabase.create()
    await using database = await connect(db, { max_connections: 1 })
    const client = await database.acquire()
    expect(await readHealth(database, ['public'], TIMEOUT_MS)).to.deep.equal({
      failure: null,
      responseTimeMs: null,
      databaseSizeBytes: null,
      tableCount: null,
    })
    client.release()
    const { failure, tableCount } = await readHealth(database, ['public'], TIMEOUT_MS)
    expect({ failure, tableCount }).to.deep.equal({ failure: null, tableCount: 0 })
  })

  it('does not wait for a server that no longer answers', async () => {
    await using server = await Server.start()
    await using db = await TestDatabase.create(server)
    await using database = await connect(db)
    const [backend] = await db.sql(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'sqlflow'",
    )
    process.kill(Number(backend?.['pid']), 'SIGSTOP')
    const { failure } = await readHealth(database, ['public'], TIMEOUT_MS)
    process.kill(Number(backend?.['pid']), 'SIGCONT')
    expect(failure).to.equal('ETIMEDOUT')
  })

  it('returns the error code', async () => {
    await using server = await Server.start()
    await using db = await TestDatabase.create(server)
    await using database = await connect(db)
    await server.stop('immediate')
    const { failure } = await readHealth(database, ['public'], TIMEOUT_MS)
    expect(failure).to.be.oneOf(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P02'])
  })
})
