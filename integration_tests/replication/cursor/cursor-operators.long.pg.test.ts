import { expect } from 'chai'
import { CursorTable } from './cursor-table.ts'

const WITHOUT_WINDOW = { late_commit_window_seconds: 0 }

function create(type: string): string {
  return `CREATE TABLE t (id bigint PRIMARY KEY, changed ${type}, note text)`
}

function insert(id: number, value: string): string {
  return `INSERT INTO t (id, changed) VALUES (${id}, '${value}')`
}

/** Sets the schema `app`, in which names of extensions in `public` are not found. */
function inApp(sql: string): string {
  return `CREATE SCHEMA app; SET search_path = app, public; ${sql}`
}

describe('a cursor with a type outside of the search_path', () => {
  const config = { ...WITHOUT_WINDOW, schemas: ['app'] }

  it('citext: reads carl, dora and Eve after ann and bob', async () => {
    const sql = `CREATE EXTENSION citext SCHEMA public; ${inApp(create('citext'))}`
    await using table = await CursorTable.create({ create: sql, config })
    await table.commit(`${insert(1, 'ann')}; ${insert(2, 'bob')}`)
    expect(await table.sync()).to.have.members([1, 2])
    await table.commit(`${insert(3, 'carl')}; ${insert(4, 'dora')}; ${insert(5, 'Eve')}`)
    expect(await table.sync()).to.deep.equal([3, 4, 5])
    expect(await table.sync()).to.deep.equal([])
  })

  it('an enum and a domain over it: reads in the order of the labels', async () => {
    for (const type of ['public.size', 'public.clothing_size']) {
      const types = `CREATE TYPE public.size AS ENUM ('small', 'medium', 'large');
                     CREATE DOMAIN public.clothing_size AS public.size`
      const sql = `${types}; ${inApp(create(type))}`
      await using table = await CursorTable.create({ create: sql, config })
      await table.commit(insert(1, 'small'))
      expect(await table.sync()).to.deep.equal([1])
      await table.commit(`${insert(2, 'large')}; ${insert(3, 'medium')}`)
      expect(await table.sync()).to.deep.equal([3, 2])
      await table.commit(insert(4, 'medium'))
      expect(await table.sync()).to.deep.equal([])
    }
  })
})

describe('a cursor of a domain', () => {
  for (const [base, ordinary, greater, greatest] of [
    ['timestamptz', '2024-01-31', '2024-02-01', 'infinity'],
    ['timestamp', '2024-01-31', '2024-02-01', 'infinity'],
    ['date', '2024-01-31', '2024-02-01', 'infinity'],
    ['numeric(9, 2)', '1.00', '2.00', 'NaN'],
    ['real', '1', '2', 'Infinity'],
    ['double precision', '1', '2', 'NaN'],
  ] as const) {
    it(`over ${base} with one ${greatest}: later rows are read`, async () => {
      const sql = `CREATE DOMAIN d AS ${base}; CREATE DOMAIN e AS d; ${create('e')}`
      await using table = await CursorTable.create({ create: sql, config: WITHOUT_WINDOW })
      await table.commit(`${insert(1, ordinary)}; ${insert(2, greatest)}`)
      expect(await table.sync()).to.have.members([1, 2])
      expect(await table.sync()).to.deep.equal([])
      await table.commit(insert(3, greater))
      expect(await table.sync()).to.deep.equal([3])
    })
  }

  for (const [name, base, ordinary, greater] of [
    ['numeric', 'int4', '1', '2'],
    ['timestamptz', 'text', 'a', 'b'],
    ['date', 'int8', '1', '2'],
  ] as const) {
    it(`called ${name}, over ${base}: it has the traits of ${base}`, async () => {
      const sql = `CREATE DOMAIN public.${name} AS ${base}; ${create(`public.${name}`)}`
      await using table = await CursorTable.create({ create: sql })
      await table.commit(insert(1, ordinary))
      expect(await table.sync()).to.deep.equal([1])
      await table.commit(insert(2, greater))
      expect(await table.sync()).to.deep.equal([2])
      expect(await table.sync()).to.deep.equal([])
    })
  }
})

describe('the first state of a boolean cursor', () => {
  it('is a boolean, like after later syncs', async () => {
    await using table = await CursorTable.create({ create: create('bool'), config: WITHOUT_WINDOW })
    for (const [id, value, ids] of [
      [1, 'false', [1]],
      [2, 'true', [2]],
    ] as const) {
      await table.commit(insert(id, value))
      expect(await table.sync()).to.deep.equal(ids)
      expect(table.consumer.stateOf('t')?.['cursors']).to.deep.equal({ changed: value === 'true' })
    }
  })
})
