import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { Consumer, errorsOf, idsOf, logsOf, range } from '../../helpers/consumer.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { configuredCatalog, type Message } from '../../helpers/messages.ts'
import { ONE_READER } from '../../helpers/one-reader.ts'

const ROWS = 100_000

const SETUP = `
  CREATE TABLE t (id int PRIMARY KEY, changed timestamptz);
  CREATE MATERIALIZED VIEW m AS SELECT id, changed FROM t`

function insert(id: number, minute: number): string {
  return `INSERT INTO t VALUES (${id}, '2024-01-31 10:00:00Z'::timestamptz + ${minute} * interval '1 minute')`
}

describe('a materialized view', () => {
  it('REFRESH while another stream is read → it is read once, with its new rows', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`CREATE TABLE a AS SELECT i AS id, repeat('x', 200) AS text FROM generate_series(1, ${ROWS}) AS i;
                  ${SETUP}; ${insert(1, 1)}; REFRESH MATERIALIZED VIEW m`)
    await using consumer = await Consumer.create(db, [{ name: 'a' }, { name: 'm' }], ONE_READER)
    await using running = await consumer.start()
    const messages: Message[] = []
    for await (const message of running.messages()) {
      messages.push(message)
      if (idsOf([message], 'a')[0] === 1) {
        await db.sql(`${insert(2, 2)}; REFRESH MATERIALIZED VIEW m`)
      }
    }
    expect(await running.ended).to.deep.include({ code: 0 })
    expect(idsOf(messages, 'm')).to.have.members([1, 2])
    expect(idsOf(messages, 'a')).to.have.length(ROWS)
    const logs = logsOf({ messages }, 'WARN').map(({ message }) => message)
    expect(logs.filter((text) => /rewritten|Retry/.test(text))).to.deep.equal([])
  })

  for (const windowSeconds of [0, 3600]) {
    it(`by cursor, late_commit_window_seconds ${windowSeconds}: REFRESH does not restart it`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(`${SETUP}; ${insert(1, 0)}; ${insert(2, 100)}; REFRESH MATERIALIZED VIEW m`)
      const choice = { name: 'm', cursorField: 'changed' }
      const config = { late_commit_window_seconds: windowSeconds }
      await using consumer = await Consumer.create(db, [choice], config)
      const sync = async (): Promise<number[]> => {
        const attempt = await consumer.sync()
        expect(logsOf(attempt, 'WARN')).to.deep.equal([])
        return idsOf(attempt.messages)
      }
      expect(await sync()).to.have.members([1, 2])
      await db.sql(`${insert(3, 110)}; ${insert(4, 90)}; REFRESH MATERIALIZED VIEW m`)
      const second = await sync()
      expect(second).to.include(3)
      // Row 4 was late; like for a view, the whole window is read again
      expect(second.includes(4)).to.equal(windowSeconds > 0)
      expect(second).not.to.include(1)
      await db.sql(`CREATE UNIQUE INDEX ON m (id); ${insert(5, 120)};
                    REFRESH MATERIALIZED VIEW CONCURRENTLY m`)
      expect(await sync()).to.include(5)
    })
  }

  it('by xmin: it is offered as full refresh only, and a catalog with incremental is rejected', async () => {
    await using db = await TestDatabase.create()
    await db.sql(SETUP)
    const replication_method = { method: 'Xmin' }
    await using connector = await withConnector(db.config({ replication_method }))
    const catalog = await connector.catalog()
    const modes = catalog.streams.map(({ name, supported_sync_modes }) => [
      name,
      supported_sync_modes,
    ])
    expect(modes).to.deep.equal([
      ['m', ['full_refresh']],
      ['t', ['full_refresh', 'incremental']],
    ])
    const choice = { streams: ['m'], syncMode: 'incremental' as const }
    const run = await connector.read({ catalog: configuredCatalog(catalog, choice) })
    expect(errorsOf(run)).to.have.length(1)
    expect(errorsOf(run)[0]).to.match(/^config_error: Stream 'public.m' .* materialized view/)
  })

  it('is read in pages by a full refresh, and can be resumed at a page', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`CREATE MATERIALIZED VIEW m AS SELECT i AS id FROM generate_series(1, ${ROWS}) AS i;
                  ANALYZE m`)
    await using consumer = await Consumer.create(db, [{ name: 'm' }], { batch_size: 1000 })
    const first = await consumer.attempt({ at: ({ type }) => type === 'STATE', drains: true })
    const rest = await consumer.sync()
    const ids = new Set([...idsOf(first.messages), ...idsOf(rest.messages)])
    expect([...ids].toSorted((a, b) => a - b)).to.deep.equal(range(1, ROWS))
    expect(idsOf(rest.messages).length).to.be.lessThan(ROWS)
  })
})
