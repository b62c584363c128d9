import { expect } from 'chai'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { hangingCommit } from '../hanging-commit.ts'
import { lastState, sync } from '../sync.ts'

/** Long enough for TOAST, and it does not compress. */
const LONG = `(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, 400) AS i)`

describe('an unchanged long value of a commit that waits for a synchronous standby', () => {
  it('is not fetched before the commit is visible: under the new key there is no row until then', async () => {
    await using server = await Server.start({ settings: { wal_sender_timeout: '5s' } })
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE t (id int PRIMARY KEY, body text); INSERT INTO t VALUES (1, ${LONG})`,
      { server },
    )
    const state = lastState(await sync(cdc))
    await using hanging = await hangingCommit(cdc, 'UPDATE t SET id = 2')
    const early = await sync(cdc, { state })
    expect(early.records).to.deep.equal([])
    await hanging.release()
    const { records } = await sync(cdc, { state: lastState(early) })
    const [row] = await cdc.sql('SELECT body FROM t')
    expect(
      records.map(({ data, meta }) => [data['id'], data['body'], meta?.changes]),
    ).to.deep.equal([
      [1, null, undefined],
      [2, row?.['body'], undefined],
    ])
  })
})
