import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { incrementalCatalog } from '../sync.ts'

const TABLES = `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1); CREATE TABLE other (id int PRIMARY KEY);`
const messageOf = (holder: string): string =>
  `The tables of publication "p" cannot be listed: one of them was locked for 15 s, as ALTER TABLE, TRUNCATE and VACUUM FULL do, or such a statement waits for its lock: "public"."other" (${holder}). Run it again after that has ended.`

describe('a published table that is locked', () => {
  if (requestedMajor() < 16) return

  it('is reported by check, discover and read, which end, with the process that holds the lock', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc, ['users'])
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE other IN ACCESS EXCLUSIVE MODE')
    await other.sql("SET application_name = 'migration'")
    const [row] = await other.sql('SELECT pg_backend_pid() AS pid')
    const message = messageOf(`process ${row?.['pid']}, migration`)
    await using connector = await withConnector(cdc.config({}, { max_retries: 0 }))
    const runs = await Promise.all([
      connector.check(),
      connector.discover(),
      connector.read({ catalog }),
    ])
    // A failure of check is never transient
    expect(runs.map(({ errors: [error] }) => [error?.failure_type, error?.message])).to.deep.equal([
      ['config_error', message],
      ['transient_error', message],
      ['transient_error', message],
    ])
    await other.sql('COMMIT')
    const { records } = await connector.read({ catalog })
    expect(records.map(({ data }) => data['id'])).to.deep.equal([1])
  })

  it('is waited for again by a sync: max_retries', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc, ['users'])
    await using reader = await cdc.db.session()
    await reader.sql('BEGIN; SELECT FROM other')
    await using other = await cdc.db.session()
    const waiting = other.sql('ALTER TABLE other ADD n int')
    await using connector = await withConnector(cdc.config({}, { max_retries: 1 }))
    await using running = await connector.startRead({ catalog })
    const warnings: string[] = []
    const ids: unknown[] = []
    for await (const { log, record } of running.messages()) {
      if (record !== undefined) ids.push(record.data['id'])
      if (log?.message.includes('cannot be listed') !== true) continue
      warnings.push(log.message)
      await reader.sql('COMMIT')
    }
    expect((await running.ended).code).to.equal(0)
    await waiting
    expect(ids).to.deep.equal([1])
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(
      /"public"."other" \(process \d+.*, which waits for it\)\. .* Retry 1 of 1 /,
    )
  })
})
