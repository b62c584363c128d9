import { expect } from 'chai'
import { withConnector } from '../../../helpers/connector.ts'
import { Server } from '../../../helpers/server.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { incrementalCatalog, lastState, sync } from '../sync.ts'

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)'

describe('a promoted standby whose log has passed the position of the state', () => {
  for (const isLost of [true, false]) {
    it(
      isLost
        ? 'without the last changes: the loss is reported'
        : 'with all changes: the state continues',
      async () => {
        await using primary = await Server.start()
        await using cdc = await CdcDatabase.create(TABLE, { server: primary })
        const { name } = cdc.db
        await using standby = await primary.createStandby()
        if (isLost) await standby.stop()
        await cdc.sql('INSERT INTO t VALUES (2)')
        const catalog = await incrementalCatalog(cdc)
        const state = lastState(await sync(cdc))
        await primary.stop('fast')
        if (isLost) await standby.restart()
        await standby.query('SELECT pg_promote()')
        // It has a copy of the slot, like with a cluster manager
        await standby.query(
          'CREATE TABLE filler (a int); SELECT pg_switch_wal(); DROP TABLE filler; SELECT pg_switch_wal()',
          name,
        )
        await standby.query('INSERT INTO t VALUES (3)', name)
        await using connector = await withConnector(cdc.config({}, { port: standby.port }))
        const run = await connector.read({ catalog, state: [state] })
        const [error] = run.errors
        if (isLost) {
          expect(error?.message).to.match(
            /^The saved state is at \S+ of timeline 1, which the server left at \S+ for timeline 2. A failover or a restore lost .* of its log. Clear the data/,
          )
        } else {
          expect(run.errors).to.deep.equal([])
          expect(run.records.map(({ data }) => data['id'])).to.deep.equal([3])
        }
      },
    )
  }
})
