import { expect } from 'chai'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connector,
  type Run,
  runConnector,
  startConnector,
  withConnector,
} from '../../helpers/connector.ts'
import { recordsOf } from '../../helpers/messages.ts'
import { CdcDatabase } from './cdc-database.ts'
import { confirmed, lsnOf } from './slot-position.ts'
import { lastState, sync } from './sync.ts'

const SHOP = `
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 3) AS n;
CREATE TABLE notes (body text);
INSERT INTO notes VALUES ('a'), ('b');`

const INCREMENTAL = { sync_mode: 'incremental' }

async function read(connector: Connector, ...args: readonly string[]): Promise<Run> {
  return await runConnector(['read', '--config', connector.configFile, ...args])
}

describe('a CDC read without a catalog', () => {
  let cdc: CdcDatabase
  before(async () => {
    cdc = await CdcDatabase.create(SHOP, { publication: 'FOR TABLE users' })
  })
  after(async () => {
    await cdc[Symbol.asyncDispose]()
  })

  it("reads the config's table, then its changes", async () => {
    await using connector = await withConnector(cdc.config({}, { ...INCREMENTAL, table: 'users' }))
    const first = await read(connector)
    expect(first.errors).to.deep.equal([])
    expect(recordsOf(first.messages, 'users').map(({ id }) => id)).to.deep.equal([1, 2, 3])
    const state = await connector.writeFile('state.json', [lastState(first)])
    await cdc.sql("UPDATE users SET name = 'changed' WHERE id = 2")
    const second = await read(connector, '--state', state)
    expect(recordsOf(second.messages, 'users').map(({ name }) => name)).to.deep.equal(['changed'])
  })

  it('reads all streams; those that are not in the publication are read in full', async () => {
    await using connector = await withConnector(cdc.config({}))
    const run = await read(connector)
    expect(run.errors).to.deep.equal([])
    expect(recordsOf(run.messages, 'users')).to.have.length(3)
    expect(recordsOf(run.messages, 'notes')).to.deep.equal([{ body: 'a' }, { body: 'b' }])
    const last = run.states.at(-1)
    expect(last?.type).to.equal('GLOBAL')
    expect(JSON.stringify(last)).to.include('"name":"users"').and.to.not.include('"notes"')
  })

  it('reads only the selected stream, also one that is not in the publication', async () => {
    await using connector = await withConnector(cdc.config({}, INCREMENTAL))
    const users = await read(connector, '--stream', 'users')
    expect(users.records).to.have.length(3)
    const notes = await read(connector, '--stream', 'public.notes')
    expect(notes.errors).to.deep.equal([])
    expect(recordsOf(notes.messages, 'notes')).to.have.length(2)
    const reasons = notes.logs.filter(({ message }) => message.includes("'public.notes'"))
    expect(reasons.map(({ message }) => message).join('\n')).to.include(
      'ALTER PUBLICATION "p" ADD TABLE "public"."notes"',
    )
  })

  it('warns that the state of a cursor is not used', async () => {
    await using connector = await withConnector(cdc.config({}, { ...INCREMENTAL, table: 'users' }))
    const stream = {
      stream_descriptor: { name: 'users', namespace: 'public' },
      stream_state: {
        version: 2,
        state_type: 'cursor_based',
        stream_name: 'users',
        stream_namespace: 'public',
        cursor_field: ['id'],
        cursor: '2',
        cursor_record_count: 1,
      },
    }
    const state = await connector.writeFile('cursor.json', [{ type: 'STREAM', stream }])
    const run = await read(connector, '--state', state)
    expect(run.records).to.have.length(3)
    const warnings = run.logs.filter(({ level }) => level === 'WARN')
    expect(warnings.map(({ message }) => message)).to.deep.equal([
      "The saved state of stream 'public.users' is not usable: it is not a state of the CDC method. The stream is read from the start.",
    ])
  })

  it('reads a table that is not in the publication in full in each sync', async () => {
    await using connector = await withConnector(cdc.config({}, INCREMENTAL))
    const path = join(connector.directory, 'state.json')
    for (const records of [5, 2]) {
      const run = await read(connector, '--state', path, '--state-out', path)
      expect(run.errors).to.deep.equal([])
      expect(run.records).to.have.length(records)
      expect(recordsOf(run.messages, 'notes')).to.have.length(2)
    }
  })
})

/** What the runs of a test share. */
async function openRead(cdc: CdcDatabase) {
  const connector = await withConnector(cdc.config({}, { ...INCREMENTAL, table: 'users' }))
  const path = join(connector.directory, 'state.json')
  return { connector, path, args: ['--state', path, '--state-out', path] }
}

describe('the slot with --state-out', () => {
  const USERS = 'CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (0);'
  const FILLED = "INSERT INTO users SELECT n, repeat('x', 1000) FROM generate_series(1, 2000) AS n"

  it('is at the final state of the same run, also after the first run', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const { connector, args } = await openRead(cdc)
    await using _ = connector
    for (let round = 1; round <= 3; round++) {
      await cdc.sql(`INSERT INTO users VALUES (${round})`)
      const run = await read(connector, ...args)
      expect(run.logs.filter(({ level }) => level === 'WARN')).to.deep.equal([])
      expect(await confirmed(cdc), `round ${round}`).to.equal(lsnOf(lastState(run)))
      expect(run.records, `round ${round}`).to.have.length(round === 1 ? 2 : 1)
    }
  })

  it('is not beyond the given state if the file cannot be written', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const { connector } = await openRead(cdc)
    await using _ = connector
    const state = lastState(await sync(cdc))
    const given = await connector.writeFile('given.json', [state])
    await cdc.sql('INSERT INTO users VALUES (1)')
    const directory = join(connector.directory, 'states')
    await mkdir(directory)
    // The read waits for the table, and meanwhile the directory is removed
    await using other = await cdc.db.session()
    await other.sql('BEGIN; LOCK TABLE users')
    const out = join(directory, 'state.json')
    const reading = read(connector, '--state', given, '--state-out', out)
    while (!existsSync(out)) await sleep(20)
    await rm(directory, { recursive: true })
    await other.sql('ROLLBACK')
    const run = await reading
    expect(run.errors.map(({ message }) => message).join()).to.include('ENOENT')
    expect(run.records.map(({ data }) => data['id'])).to.deep.equal([1])
    expect(await confirmed(cdc)).to.equal(lsnOf(state))
    await rm(given)
  })

  it('is not beyond the given state if the consumer closes early', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const { connector, path, args } = await openRead(cdc)
    await using _ = connector
    const state = lastState(await read(connector, ...args))
    await cdc.sql(FILLED)
    {
      await using running = startConnector(['read', '--config', connector.configFile, ...args])
      const { stdout } = running.process
      await once(stdout!, 'readable')
      stdout!.destroy()
      await running.ended
    }
    expect(await confirmed(cdc)).to.equal(lsnOf(state))
    const again = await read(connector, '--state', path)
    expect(again.records).to.have.length(2000)
  })
})
