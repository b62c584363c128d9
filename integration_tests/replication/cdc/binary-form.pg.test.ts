import { expect } from 'chai'
import { CdcDatabase } from './cdc-database.ts'
import { valuesOf } from './fold.ts'
import { lastState, sync } from './sync.ts'

const MAJOR_WITH_BINARY = 14

describe('the binary form of the log', () => {
  it('a column that has none, in a table that is not even selected, does not end the sync', async () => {
    await using cdc = await CdcDatabase.create(`
      CREATE TABLE users (id int PRIMARY KEY, name text);
      CREATE TABLE grants (id int PRIMARY KEY, rights aclitem[])`)
    const state = lastState(await sync(cdc, { streams: ['users'] }))
    await cdc.sql("INSERT INTO users VALUES (1, 'a')")
    await cdc.sql("INSERT INTO grants VALUES (1, '{=r/postgres}')")
    await cdc.sql("INSERT INTO users VALUES (2, 'b')")
    const run = await sync(cdc, { streams: ['users'], state })
    lastState(run)
    const rows = run.records.map(({ data }) => valuesOf(data))
    expect(rows).to.deep.equal([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ])
    const said = run.logs.filter(({ message }) => message.includes('read in text form'))
    expect(said).to.have.length(cdc.db.server.major >= MAJOR_WITH_BINARY ? 1 : 0)
  })

  it('a column that had a type whose binary form is not known, before it was altered', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, v tsvector)')
    const state = lastState(await sync(cdc))
    await cdc.sql("INSERT INTO t VALUES (1, 'a b')")
    await cdc.sql('ALTER TABLE t ALTER COLUMN v TYPE text USING v::text')
    await cdc.sql("INSERT INTO t VALUES (2, 'c')")
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, v: "'a' 'b'" },
      { id: 2, v: 'c' },
    ])
  })
})
