import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { makePathHostile } from '../../helpers/hostile-schema.ts'
import { CdcDatabase } from './cdc-database.ts'
import { fold, valuesOf } from './fold.ts'
import { lastState, sync } from './sync.ts'

const USERS = `CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 100) AS i;`

describe('read in CDC mode', () => {
  it('reads the rows of the table once, then exactly the changes in commit order, then nothing', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const first = await sync(cdc)
    const state = lastState(first)
    expect(first.records).to.have.length(100)
    await cdc.sql(
      `BEGIN; INSERT INTO users VALUES (101, 'new'); UPDATE users SET name = 'renamed' WHERE id = 1; COMMIT`,
    )
    await cdc.sql('DELETE FROM users WHERE id = 2')
    await cdc.sql('UPDATE users SET id = 300 WHERE id = 3')
    const second = await sync(cdc, { state })
    const after = lastState(second)
    expect(
      second.records.map(({ data }) => [
        data['id'],
        data['name'],
        data['_ab_cdc_deleted_at'] !== null,
      ]),
    ).to.deep.equal([
      [101, 'new', false],
      [1, 'renamed', false],
      [2, null, true],
      [3, null, true],
      [300, 'user 3', false],
    ])
    const rows = await cdc.sql('SELECT id, name FROM users ORDER BY id')
    const folded = fold([...first.records, ...second.records], 'users').map(valuesOf)
    expect(folded.toSorted((a, b) => Number(a['id']) - Number(b['id']))).to.deep.equal(
      rows.map(({ id, name }) => ({ id: Number(id), name })),
    )
    const health = second.messages.findLast(({ log }) => log?.health !== undefined)?.log?.health
    expect(JSON.stringify(health)).to.match(/"rows":5,"rows_per_second":\d+,"bytes":[1-9]/)
    const third = await sync(cdc, { state: after })
    expect(third.records).to.deep.equal([])
    expect(third.states).to.have.length(1)
    expect(third.statuses).to.deep.equal(['users: STARTED', 'users: COMPLETE'])
  })

  it('loads the table and reads the changes with max_db_connections of 1, as the official connector', async () => {
    await using cdc = await CdcDatabase.create(USERS)
    const config = { max_db_connections: 1 }
    const first = await sync(cdc, { config })
    const state = lastState(first)
    expect(first.records).to.have.length(100)
    await cdc.sql("INSERT INTO users VALUES (101, 'new')")
    const second = await sync(cdc, { config, state })
    expect(second.records.map(({ data }) => data['id'])).to.deep.equal([101])
  })
})

describe('read in CDC mode, with a search_path with objects that have names of pg_catalog', () => {
  it('check succeeds; rows and changes are read, with values that the log leaves out', async () => {
    await using cdc = await CdcDatabase.create(
      `CREATE TABLE users (id int PRIMARY KEY, name text, big text);
       ALTER TABLE users ALTER COLUMN big SET STORAGE EXTERNAL;
       INSERT INTO users SELECT i, 'user ' || i, repeat('x', 5000) FROM generate_series(1, 10) AS i`,
    )
    await makePathHostile(cdc.db, 'public')
    await using connector = await withConnector(cdc.config())
    expect((await connector.check()).connectionStatus?.status).to.equal('SUCCEEDED')
    const first = await sync(cdc)
    expect(first.records).to.have.length(10)
    await cdc.sql("UPDATE users SET name = 'renamed' WHERE id = 1; DELETE FROM users WHERE id = 2")
    const second = await sync(cdc, { state: lastState(first) })
    expect(second.errors).to.deep.equal([])
    const [renamed, deleted] = second.records.map(({ data }) => data)
    expect([renamed?.['id'], renamed?.['name'], String(renamed?.['big']).length]).to.deep.equal([
      1,
      'renamed',
      5000,
    ])
    expect(deleted?.['id']).to.equal(2)
  })
})
