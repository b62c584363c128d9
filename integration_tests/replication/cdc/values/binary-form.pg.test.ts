import { expect } from 'chai'
import { CdcDatabase } from '../cdc-database.ts'
import { valuesOf } from '../fold.ts'
import { lastState, sync } from '../sync.ts'

const MAJOR_WITH_BINARY = 14

describe('the binary form of the log', () => {
  it('a column without it does not end the sync, also in a table that is not selected', async () => {
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
    const notices = run.logs.filter(({ message }) => message.includes('read in text form'))
    expect(notices).to.have.length(cdc.db.server.major >= MAJOR_WITH_BINARY ? 1 : 0)
  })

  it('a column whose binary form was unknown before it was altered', async () => {
    await using cdc = await CdcDatabase.create('CREATE TABLE t (id int PRIMARY KEY, v regclass)')
    const state = lastState(await sync(cdc))
    await cdc.sql("INSERT INTO t VALUES (1, 'pg_class')")
    await cdc.sql('ALTER TABLE t ALTER COLUMN v TYPE text USING v::text')
    await cdc.sql("INSERT INTO t VALUES (2, 'c')")
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, v: 'pg_class' },
      { id: 2, v: 'c' },
    ])
  })

  it('a field of a composite that was dropped after the change', async () => {
    await using cdc = await CdcDatabase.create(`
      CREATE TYPE span AS (note text, since date); CREATE TABLE t (id int PRIMARY KEY, v span)`)
    const state = lastState(await sync(cdc))
    await cdc.sql("INSERT INTO t VALUES (1, '(a,2020-01-01)')")
    await cdc.sql('ALTER TYPE span DROP ATTRIBUTE since')
    await cdc.sql("INSERT INTO t VALUES (2, '(b)')")
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      { id: 1, v: '(a,2020-01-01)' },
      { id: 2, v: '(b)' },
    ])
  })

  it('is used with types whose send function returns text', async () => {
    await using cdc = await CdcDatabase.create(`
      CREATE TABLE t (id int PRIMARY KEY, rights aclitem, at interval, spans tstzrange[])`)
    const state = lastState(await sync(cdc))
    await cdc.sql(
      `INSERT INTO t VALUES (1, '=r/postgres', '1 day -2 hours', '{"[2020-01-01 00:00+00,)"}')`,
    )
    const run = await sync(cdc, { state })
    lastState(run)
    expect(run.records.map(({ data }) => valuesOf(data))).to.deep.equal([
      {
        id: 1,
        rights: '=r/postgres',
        at: '1 day -02:00:00',
        spans: ['["2020-01-01 00:00:00+00",)'],
      },
    ])
    expect(run.logs.filter(({ message }) => message.includes('text form'))).to.deep.equal([])
  })
})
