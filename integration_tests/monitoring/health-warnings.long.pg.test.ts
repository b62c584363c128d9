import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { LogMessage } from '../helpers/messages.ts'

const PAUSE_MS = 7000

/** A table of a few megabytes that has been analyzed. */
const CREATE_BIG = `
  CREATE TABLE big AS SELECT n AS id, repeat('x', 500) AS text FROM generate_series(1, 20000) AS n;
  ANALYZE big`

describe('health of a read', () => {
  it('warns of a lock at once, with its kind, and reports when it has ended', async () => {
    await using database = await TestDatabase.create()
    await database.sql('CREATE TABLE locked AS SELECT 7 AS id')
    await using connector = await withConnector(database.config())
    const { streams } = await connector.catalog()
    const modes = { sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' }
    await using holder = await database.session()
    await holder.sql('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
    const catalog = { streams: streams.map((stream) => ({ stream, ...modes })) }
    await using running = await connector.startRead({ catalog })
    const lines: LogMessage[] = []
    for await (const { log } of running.messages()) {
      if (log === undefined || !log.message.startsWith('Health:')) continue
      lines.push(log)
      if (log.message.includes('waits for')) await holder.sql('ROLLBACK')
    }
    expect((await running.ended).code).to.equal(0)
    const warned = lines.find(({ level }) => level === 'WARN')
    expect(warned?.message).to.match(
      /; the backend of the sync waits for Lock: relation, which another session holds/,
    )
    expect(Reflect.get(warned ?? {}, 'health')).to.deep.include({
      status: 'degraded',
      warnings: ['lock_wait'],
    })
    expect(lines.at(-1)?.level).to.equal('INFO')
    expect(lines.length, 'start, lock, perhaps its end, end').to.be.within(3, 4)
  })

  it('warns of back-pressure', async () => {
    await using database = await TestDatabase.create()
    await database.sql(CREATE_BIG)
    await using connector = await withConnector(database.config({ table: 'big' }))
    await using running = await connector.startRead()
    const lines: string[] = []
    let records = 0
    for await (const { log, record } of running.messages()) {
      if (log?.message.startsWith('Health:') === true) lines.push(log.message)
      if (record !== undefined && ++records === 10) await sleep(PAUSE_MS)
    }
    expect((await running.ended).code).to.equal(0)
    expect(records).to.equal(20_000)
    expect(lines.filter((line) => line.includes('back-pressure'))).to.have.length(1)
  })

  it('logs only one line at the start and one at the end if there is no warning', async () => {
    await using database = await TestDatabase.create()
    await database.sql(CREATE_BIG)
    await using connector = await withConnector(database.config({ table: 'big' }))
    const { logs } = await connector.read()
    const lines = logs.filter(({ message }) => message.startsWith('Health:'))
    expect(lines.map(({ level }) => level)).to.deep.equal(['INFO', 'INFO'])
    expect(logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
  })

  it('warns of a table without statistics', async () => {
    await using database = await TestDatabase.create()
    await fillUnseen(database)
    await using connector = await withConnector(database.config({ table: 'big' }))
    const { logs } = await connector.read()
    const warnings = logs.filter(({ level }) => level === 'WARN').map(({ message }) => message)
    expect(warnings).to.deep.equal([
      "The server has no statistics for 'public.big': estimates are missing, and query plans may be slow. Run ANALYZE on these tables.",
    ])
  })
})

/**
 * Fills a table without statistics. The counters of a session are reported at the latest when it
 * ends.
 */
async function fillUnseen(database: TestDatabase): Promise<void> {
  const create = CREATE_BIG.replace('ANALYZE big', 'ALTER TABLE big SET (autovacuum_enabled = off)')
  await using session = await database.session()
  await session.sql(create)
}
