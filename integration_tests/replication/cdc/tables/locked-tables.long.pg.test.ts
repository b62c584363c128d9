import { expect } from 'chai'
import { requestedMajor } from '../../../helpers/binaries.ts'
import { withConnector } from '../../../helpers/connector.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { incrementalCatalog } from '../sync.ts'

const TABLES = `CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1); CREATE TABLE other (id int PRIMARY KEY);`
const MESSAGE =
  'The tables of publication "p" cannot be listed: one of them was locked for 15 s, as ALTER TABLE, TRUNCATE and VACUUM FULL do, or such a statement waits for its lock: "public"."other". Run it again after that has ended.'

describe('a published table that is locked', () => {
  if (requestedMajor() < 16) return

  it('is reported by check, discover and read, which end', async () => {
    await using cdc = await CdcDatabase.create(TABLES)
    const catalog = await incrementalCatalog(cdc, ['users'])
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE other IN ACCESS EXCLUSIVE MODE')
    await using connector = await withConnector(cdc.config())
    const runs = await Promise.all([
      connector.check(),
      connector.discover(),
      connector.read({ catalog }),
    ])
    // A failure of check is never transient
    expect(runs.map(({ errors: [error] }) => [error?.failure_type, error?.message])).to.deep.equal([
      ['config_error', MESSAGE],
      ['transient_error', MESSAGE],
      ['transient_error', MESSAGE],
    ])
    await other.sql('COMMIT')
    const { records } = await connector.read({ catalog })
    expect(records.map(({ data }) => data['id'])).to.deep.equal([1])
  })
})
