import { expect } from 'chai'
import { Server } from '../../../helpers/server.ts'
import type { RecordMessage } from '../../../helpers/messages.ts'
import { CdcDatabase } from '../cdc-database.ts'
import { fold, valuesOf } from '../fold.ts'
import { hangingCommit } from '../hanging-commit.ts'
import { lastState, sync } from '../sync.ts'

const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 20) AS i;`

async function expectFoldIsTable(
  cdc: CdcDatabase,
  records: readonly RecordMessage[],
): Promise<void> {
  const rows = await cdc.sql('SELECT id, name FROM users')
  const expected = rows.map(({ id, name }) => ({ id: Number(id), name }))
  expect(fold(records, 'users').map(valuesOf)).to.have.deep.members(expected)
}

function lineOf({ data }: RecordMessage): string {
  return JSON.stringify(data)
}

/** Records whose values were delivered before. */
function repeatsOf(records: readonly RecordMessage[]): readonly string[] {
  const lines = records.map(({ data }) => JSON.stringify(valuesOf(data)))
  return lines.filter((line, index) => lines.indexOf(line) !== index)
}

describe('the transition from snapshot to log', () => {
  it('a commit that waits for a synchronous standby is neither lost nor repeated', async () => {
    await using server = await Server.start({ settings: { wal_sender_timeout: '5s' } })
    await using cdc = await CdcDatabase.create(USERS, { server })
    await using hanging = await hangingCommit(cdc, "INSERT INTO users VALUES (100, 'hangs')")
    expect(await cdc.sql('SELECT FROM users WHERE id = 100')).to.have.length(0)
    const first = await sync(cdc)
    const state = lastState(first)
    await hanging.release()
    const second = await sync(cdc, { state })
    lastState(second)
    const all = [...first.records, ...second.records]
    await expectFoldIsTable(cdc, all)
    expect(repeatsOf(all)).to.deep.equal([])
  })

  it('a stream that is added while a commit waits for a synchronous standby has its rows', async () => {
    await using server = await Server.start({ settings: { wal_sender_timeout: '5s' } })
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1); ${USERS}`,
      { server },
    )
    const state = lastState(await sync(cdc, { streams: ['other'] }))
    await using hanging = await hangingCommit(cdc, "INSERT INTO users VALUES (100, 'hangs')")
    const first = await sync(cdc, { state, streams: ['other'] })
    expect(first.logs.map(({ message }) => message).join()).to.match(
      /The log is read up to .* only: the commit behind it waits for a synchronous standby/,
    )
    const second = await sync(cdc, { state: lastState(first) })
    await hanging.release()
    const third = await sync(cdc, { state: lastState(second) })
    lastState(third)
    const all = [...second.records, ...third.records]
    await expectFoldIsTable(cdc, all)
    expect(repeatsOf(all)).to.deep.equal([])
  })

  it('transactions that are open during the snapshot, with savepoints and prepared, are delivered once and take precedence', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    await using open = await cdc.db.session()
    await open.sql(`BEGIN; UPDATE users SET name = 'late' WHERE id = 1; SAVEPOINT a;
      INSERT INTO users SELECT i, 'savepoint' FROM generate_series(200, 210) AS i; SAVEPOINT b;
      INSERT INTO users VALUES (300, 'rolled back'); ROLLBACK TO SAVEPOINT b; UPDATE users SET name = 'late' WHERE id = 2`)
    await using prepared = await cdc.db.session()
    await prepared.sql(
      `BEGIN; UPDATE users SET name = 'prepared' WHERE id = 3; SAVEPOINT a; DELETE FROM users WHERE id = 4; PREPARE TRANSACTION '${cdc.slot}'`,
    )
    const first = await sync(cdc)
    const state = lastState(first)
    expect(first.records).to.have.length(20)
    await open.sql('COMMIT')
    await prepared.sql(`COMMIT PREPARED '${cdc.slot}'`)
    const second = await sync(cdc, { state })
    const all = [...first.records, ...second.records]
    await expectFoldIsTable(cdc, all)
    expect(second.records).to.have.length(11 + 2 + 2)
    expect((await sync(cdc, { state: lastState(second) })).records).to.deep.equal([])
  })

  it('a stream that is selected again has a higher _ab_cdc_lsn than a transaction that is older than its records', async () => {
    await using cdc = await CdcDatabase.create(`CREATE TABLE other (id int PRIMARY KEY); ${USERS}`)
    const first = await sync(cdc)
    await using open = await cdc.db.session()
    await open.sql("BEGIN; UPDATE users SET name = 'late' WHERE id = 1")
    await cdc.sql("UPDATE users SET name = 'delivered' WHERE id = 2")
    const second = await sync(cdc, { state: lastState(first) })
    const without = await sync(cdc, { state: lastState(second), streams: ['other'] })
    await cdc.sql("UPDATE users SET name = 'not selected' WHERE id = 2")
    const state = lastState(without)
    const [{ pid } = { pid: '' }] = await open.sql('SELECT pg_backend_pid() AS pid')
    const early = await sync(cdc, { state, method: { initial_waiting_seconds: 1 } })
    expect(early.errors.map((error) => error.failure_type)).to.deep.equal(['transient_error'])
    expect(early.errors[0]?.message).to.include(
      `a transaction of process ${pid} has been open for 1 s (initial_waiting_seconds)`,
    )
    expect(early.records).to.deep.equal([])
    await open.sql('COMMIT')
    const again = await sync(cdc, { state })
    lastState(again)
    await expectFoldIsTable(cdc, [...first.records, ...second.records, ...again.records])
  })

  it('writers during snapshot and log cause no lost and no repeated changes', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT i, 'old' FROM generate_series(1, 5000) AS i`,
    )
    const stop = new AbortController()
    let next = 10_000
    const write = async (): Promise<void> => {
      await using session = await cdc.db.session()
      for (let count = 0; count < 400 && !stop.signal.aborted; count++) {
        const id = next++
        await session.sql(`BEGIN; INSERT INTO users VALUES (${id}, 'new ${id}')`)
        await session.sql(
          `SAVEPOINT s; UPDATE users SET name = 'by ${id}' WHERE id = ${(id * 7) % 5000}; RELEASE s; COMMIT`,
        )
      }
    }
    const writers = [write(), write(), write()]
    const first = await sync(cdc)
    const second = await sync(cdc, { state: lastState(first) })
    stop.abort()
    await Promise.all(writers)
    const third = await sync(cdc, { state: lastState(second) })
    lastState(third)
    const all = [...first.records, ...second.records, ...third.records]
    await expectFoldIsTable(cdc, all)
    expect(repeatsOf(all)).to.deep.equal([])
    const inserted = all.filter(({ data }) => Number(data['id']) >= 10_000)
    expect(inserted).to.have.length(next - 10_000)
  })
})

describe('a state within a run', () => {
  it('has the same changes in total when the run is resumed from it', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const state = lastState(await sync(cdc))
    const sessions = [await cdc.db.session(), await cdc.db.session(), await cdc.db.session()]
    for (let round = 0; round < 4; round++) {
      for (const [index, session] of sessions.entries()) {
        await session.sql(
          `BEGIN; INSERT INTO users SELECT ${round * 100 + index * 10} + 1000 + i, 'r' FROM generate_series(1, 3) AS i`,
        )
      }
      for (const session of sessions.toReversed()) await session.sql('COMMIT')
    }
    for (const session of sessions) await session[Symbol.asyncDispose]()
    const config = { batch_size: 1 }
    const whole = await sync(cdc, { state, config })
    lastState(whole)
    expect(whole.states.length).to.be.at.least(12)
    const all = whole.records.map(lineOf)
    expect(all).to.have.length(36)
    let seen = 0
    for (const [index, each] of whole.states.entries()) {
      seen += each.sourceStats?.recordCount ?? 0
      if (index % 4 !== 1) continue
      const rest = await sync(cdc, { state: each })
      expect([...all.slice(0, seen), ...rest.records.map(lineOf)], `state ${index}`).to.deep.equal(
        all,
      )
    }
  })
})
