import { expect } from 'chai'
import { TestDatabase } from '../../helpers/database.ts'
import type { Json } from '../../helpers/messages.ts'
import { Server } from '../../helpers/server.ts'
import { Consumer, distinct, idsOf, logsOf, range } from '../../helpers/consumer.ts'
import { freezeEverything, jumpToXid } from './xid-jump.ts'

/** Each is less than two billion after the previous one, when everything is frozen. */
const STEPS = [0x7000_0000n, 0xe000_0000n]
const BEFORE_WRAP = 0xffff_8000n
const AFTER_WRAP = 0x1_0001_0000n

const MODES: readonly (readonly [string, Json, Json])[] = [
  ['xmin', { replication_method: { method: 'Xmin' } }, { syncMode: 'incremental' }],
  ['cursor', {}, { cursorField: 'changed' }],
]

/** Starts a server whose next xid is close to the end of the 32 bits. */
async function startBeforeWrap(): Promise<Server> {
  const settings = { autovacuum: 'off' }
  const server = await Server.start({ settings })
  for (const step of STEPS) {
    await jumpToXid(server, step)
    await freezeEverything(server)
  }
  await jumpToXid(server, BEFORE_WRAP)
  return server
}

async function xidOf(database: TestDatabase, id: number): Promise<number> {
  const [row] = await database.sql(`SELECT xmin::text AS xid FROM t WHERE id = ${id}`)
  return Number(row?.['xid'])
}

describe('reads across the wraparound of xids', function () {
  this.timeout(180_000)
  for (const [mode, config, choice] of MODES) {
    it(`by ${mode}: rows after it are read, rows before it are not repeated`, async () => {
      await using server = await startBeforeWrap()
      await using database = await TestDatabase.create(server)
      await database.sql(
        `CREATE TABLE t (id bigint, changed bigint, note text);
         INSERT INTO t SELECT n, n, repeat('x', 300) FROM generate_series(1, 500) AS n`,
      )
      await using consumer = await Consumer.create(database, [{ name: 't', ...choice }], config)
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal(range(1, 500))
      await database.sql('INSERT INTO t VALUES (501, 501)')
      const oldXid = await xidOf(database, 501)
      await jumpToXid(server, AFTER_WRAP)
      await database.sql('INSERT INTO t VALUES (502, 502), (503, 100)')
      await database.sql(`UPDATE t SET note = 'new', changed = 504 WHERE id = 7`)
      expect(await xidOf(database, 502), 'xid behind the wraparound').to.be.lessThan(oldXid)
      const later = await consumer.sync()
      expect(distinct(idsOf(later.messages))).to.deep.equal([7, 501, 502, 503])
      expect(logsOf(later, 'WARN')).to.deep.equal([])
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
    })

    it(`by ${mode}: a transaction that was prepared before it and commits after it is read`, async () => {
      await using server = await startBeforeWrap()
      await using database = await TestDatabase.create(server)
      await database.sql('CREATE TABLE t (id bigint, changed bigint)')
      await database.sql('INSERT INTO t VALUES (1, 1)')
      await using consumer = await Consumer.create(database, [{ name: 't', ...choice }], config)
      await database.sql(`BEGIN; INSERT INTO t VALUES (10, 10); PREPARE TRANSACTION 'p'`)
      await database.sql('INSERT INTO t VALUES (20, 20)')
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal([1, 20])
      await jumpToXid(server, AFTER_WRAP)
      await database.sql('INSERT INTO t VALUES (30, 30)')
      expect(idsOf((await consumer.sync()).messages)).to.include(30)
      await database.sql(`COMMIT PREPARED 'p'`)
      expect(idsOf((await consumer.sync()).messages)).to.include(10)
    })

    it(`by ${mode}: a state that is two billion xids old → a WARN and a read from the start, never a gap`, async () => {
      await using server = await Server.start({ settings: { autovacuum: 'off' } })
      await using database = await TestDatabase.create(server)
      await database.sql('CREATE TABLE t (id bigint, changed bigint)')
      await database.sql('INSERT INTO t VALUES (1, 1)')
      await using consumer = await Consumer.create(database, [{ name: 't', ...choice }], config)
      await consumer.sync()
      for (const step of STEPS) {
        await jumpToXid(server, step)
        await database.sql(`INSERT INTO t VALUES (${step}, ${step % 10n})`)
        await freezeEverything(server)
      }
      const later = await consumer.sync()
      expect(distinct(idsOf(later.messages))).to.include.members(STEPS.map(Number))
      expect(logsOf(later, 'WARN')).not.to.deep.equal([])
    })
  }
})
