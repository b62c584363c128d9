import { expect } from 'chai'
import { once } from 'node:events'
import { ConnectorError } from '../../../src/errors.ts'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { Database } from '../../../src/postgres/session/database.ts'
import { ReadTransaction } from '../../../src/postgres/session/read-transaction.ts'
import { TestDatabase } from '../../helpers/database.ts'

describe('ReadTransaction', () => {
  it('is not usable after a COPY that failed, also before the server is ready again', async () => {
    await using test = await TestDatabase.create()
    await using database = await Database.connect(parseConfig(test.config()).config)
    await using transaction = await ReadTransaction.begin(database)
    expect(transaction.isUsable).to.equal(true)
    const copy = transaction.copy(['SELECT 1 / 0'], { tuple: () => undefined })
    const failure: unknown = await copy.read().catch((error: unknown) => error)
    expect(String(failure)).to.include('division by zero')
    expect(transaction.isUsable).to.equal(false)
  })
})

describe('Database', () => {
  it('reports a query on a connection that was already lost as transient', async () => {
    await using test = await TestDatabase.create()
    await using database = await Database.connect(parseConfig(test.config()).config)
    const client = await database.acquire()
    const lost = once(client, 'error')
    await test.sql(`SELECT pg_terminate_backend(${client.processID})`)
    await lost
    const querying = database.guard(client, client.query('SELECT 1'))
    const failure: unknown = await querying.catch((error: unknown) => error)
    expect(ConnectorError.from(failure).failureType).to.equal('transient_error')
    client.release(true)
  })
})
