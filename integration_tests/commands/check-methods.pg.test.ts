import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Json } from '../helpers/messages.ts'

const XMIN = { replication_method: { method: 'Xmin' }, sync_mode: 'incremental' }

describe('check of a table or query with each replication method', () => {
  let database: TestDatabase
  before(async () => {
    database = await TestDatabase.create()
    await database.sql(`CREATE TABLE orders (id int); CREATE VIEW totals AS SELECT 1 AS id`)
  })
  after(async () => await database[Symbol.asyncDispose]())

  /** Returns SUCCEEDED, or the message of FAILED. */
  async function check(config: Json): Promise<string | undefined> {
    await using connector = await withConnector(database.config(config))
    const { code, connectionStatus } = await connector.check()
    expect(code).to.equal(0)
    return connectionStatus?.message ?? connectionStatus?.status
  }

  it('a view by xmin, which is read in full without a catalog → SUCCEEDED', async () => {
    expect(await check({ ...XMIN, table: 'totals' })).to.equal('SUCCEEDED')
  })

  it('a table by xmin → SUCCEEDED', async () => {
    expect(await check({ ...XMIN, table: 'orders' })).to.equal('SUCCEEDED')
  })

  it('a view by xmin, read by full refresh → SUCCEEDED', async () => {
    expect(await check({ ...XMIN, sync_mode: 'full_refresh', table: 'totals' })).to.equal(
      'SUCCEEDED',
    )
  })

  it('a view among other relations, for which the catalog decides → SUCCEEDED', async () => {
    expect(await check(XMIN)).to.equal('SUCCEEDED')
  })

  it('a cursor that the table does not have → FAILED', async () => {
    const config = { sync_mode: 'incremental', cursor_field: 'changed', table: 'orders' }
    expect(await check(config)).to.include("Cursor field 'changed' not found")
  })
})
