import { expect } from 'chai'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { runBounded } from '../../../src/postgres/session/bounded-session.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { FaultProxy } from '../../helpers/fault-proxy.ts'

const LIMIT_MS = 500

describe('runBounded', () => {
  it('runs each statement on its own and closes the session', async () => {
    await using test = await TestDatabase.create()
    await test.sql('CREATE TABLE t (v int)')
    await using database = await Database.connect(parseConfig(test.config()).config)
    await runBounded(database, ["SET application_name = 'bounded'", 'VACUUM t'], 60_000)
    expect(
      await database.query("SELECT current_setting('application_name') AS name"),
    ).not.to.deep.equal([{ name: 'bounded' }])
  })

  it('ends if the network has become silent', async () => {
    await using test = await TestDatabase.create()
    await using proxy = await FaultProxy.start(test.server.port)
    await using database = await Database.connect(
      parseConfig(test.config({ port: proxy.port })).config,
    )
    proxy.silence()
    const error: unknown = await runBounded(database, ['SELECT 1'], LIMIT_MS).catch(
      (reason: unknown) => reason,
    )
    expect(String(error)).to.match(/There was no answer from the server within 0.5 s/)
    expect(await database.query('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
  })

  it('cancels a statement that takes too long', async () => {
    await using test = await TestDatabase.create()
    await using database = await Database.connect(parseConfig(test.config()).config)
    const error: unknown = await runBounded(database, ['SELECT pg_sleep(60)'], LIMIT_MS).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.include({ failureType: 'transient_error' })
    for (let isRunning = true; isRunning;) {
      const rows = await test.sql(
        "SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'",
      )
      isRunning = rows.length > 0
    }
  })
})
