import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { sharedServer } from '../../helpers/shared-server.ts'
import { CursorTable } from './cursor-table.ts'

/**
 * Types with values below or above all others → the lowest, an ordinary, a higher and the highest.
 */
const EXTREMES = [
  ['timestamptz', '-infinity', '2024-01-31 10:00:00Z', 'now', 'infinity'],
  ['timestamp', '-infinity', '2024-01-31 10:00:00', 'now', 'infinity'],
  ['date', '-infinity', '2024-01-31', '2024-02-01', 'infinity'],
  ['numeric', '-12345678901234567890.5', '0.1', '0.10000000000000000001', 'NaN'],
  ['real', '-Infinity', '0.1', '0.2', 'NaN'],
  ['double precision', '-Infinity', '-0', '1e300', 'NaN'],
  ['double precision', '-1e300', '0.30000000000000004', '1e300', 'Infinity'],
  ['bigint', '-9223372036854775808', '9007199254740993', '9007199254740994', '9223372036854775807'],
] as const

function create(type: string): string {
  return `CREATE TABLE t (id bigint PRIMARY KEY, changed ${type}, note text);
          CREATE INDEX t_changed ON t (changed)`
}

function insert(rows: Readonly<Record<number, string>>): string {
  const values = Object.entries(rows).map(([id, value]) => `(${id}, '${value}')`)
  return `INSERT INTO t (id, changed) VALUES ${values.join(', ')}`
}

for (const [type, least, ordinary, greater, greatest] of EXTREMES) {
  describe(`a cursor of type ${type}`, () => {
    it(`with ${least} and ${greatest} in the first load → they are read, and later also rows between them`, async () => {
      await using table = await CursorTable.create({ create: create(type) })
      await table.commit(insert({ 1: least, 2: ordinary, 3: greatest }))
      expect(await table.sync()).to.have.members([1, 2, 3])
      expect(await table.sync()).to.deep.equal([])
      await table.commit(insert({ 4: greater }))
      expect(await table.sync()).to.deep.equal([4])
      await table.commit(insert({ 5: greatest }))
      expect(await table.sync()).to.include(5)
      expect(await table.sync()).to.deep.equal([])
    })

    // An ordinary value may not be the last one
    const isOrdinary = /^\d/.test(greatest)
    if (!isOrdinary) {
      it(`with ${greatest} → rows between are also read after the window has ended`, async () => {
        const config = { late_commit_window_seconds: 1 }
        await using table = await CursorTable.create({ create: create(type), config })
        await table.commit(insert({ 1: ordinary, 2: greatest }))
        expect(await table.sync()).to.have.members([1, 2])
        await sleep(1200)
        expect(await table.sync()).to.deep.equal([])
        for (const id of [3, 4]) {
          await table.commit(insert({ [id]: greater }))
          expect(await table.sync()).to.include(id)
          await sleep(1200)
        }
      })
    }

    it(`continues from ${ordinary} to ${greatest}, without the window`, async () => {
      const config = { late_commit_window_seconds: 0 }
      await using table = await CursorTable.create({ create: create(type), config })
      await table.commit(insert({ 1: least }))
      expect(await table.sync()).to.deep.equal([1])
      expect(await table.sync()).to.deep.equal([])
      await table.commit(insert({ 2: ordinary }))
      expect(await table.sync()).to.deep.equal([2])
      await table.commit(insert({ 3: greater }))
      expect(await table.sync()).to.deep.equal([3])
      await table.commit(insert({ 4: greatest }))
      expect(await table.sync()).to.deep.equal([4])
      expect(await table.sync()).to.deep.equal([])
    })
  })
}

describe('a text cursor', () => {
  const config = { late_commit_window_seconds: 0 }

  it('C: upper case is before lower case', async () => {
    await using table = await CursorTable.create({ create: create('text COLLATE "C"'), config })
    await table.commit(insert({ 1: 'a' }))
    await table.sync()
    await table.commit(insert({ 2: 'B', 3: 'c', 4: 'é' }))
    expect(await table.sync()).to.deep.equal([3, 4])
  })

  it('ICU: the order of the dictionary, in which the server reads', async () => {
    const icu = 'text COLLATE "en-x-icu"'
    await using table = await CursorTable.create({ create: create(icu), config })
    await table.commit(insert({ 1: 'b' }))
    await table.sync()
    await table.commit(insert({ 2: 'C', 3: 'é', 4: 'A', 5: 'z' }))
    expect(await table.sync()).to.deep.equal([2, 3, 5])
    await table.commit(insert({ 6: 'Z', 7: 'y', 8: 'ż' }))
    expect(await table.sync()).to.deep.equal([6, 8])
    expect(await table.sync()).to.deep.equal([])
  })

  it('a collation in which different strings are equal: they are ties', async () => {
    if ((await sharedServer()).major < 12) return
    const collation = `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`
    const sql = `${collation}; ${create('text COLLATE ci')}`
    await using table = await CursorTable.create({ create: sql, config })
    await table.commit(insert({ 1: 'a' }))
    await table.sync()
    await table.commit(insert({ 2: 'A', 3: 'B', 4: 'b' }))
    expect(await table.sync()).to.include.members([2, 3, 4])
    await table.commit(insert({ 5: 'B', 6: 'a' }))
    const ids = await table.sync()
    expect(ids).to.include(5)
    expect(ids).not.to.include(6)
    expect(await table.sync()).to.deep.equal([])
  })

  it('may contain quotes, backslashes, line feeds and text like a parameter', async () => {
    await using table = await CursorTable.create({ create: create('text'), config })
    await table.commit(`INSERT INTO t VALUES (1, E'it''s \\\\ $1 "x"\\n; --')`)
    await table.sync()
    expect(await table.sync()).to.deep.equal([])
    await table.commit(`INSERT INTO t VALUES (2, E'it''s \\\\ $1 "x"\\n; --z')`)
    expect(await table.sync()).to.deep.equal([2])
  })

  it('empty strings are values', async () => {
    await using table = await CursorTable.create({ create: create('text'), config })
    await table.commit(insert({ 1: '' }))
    expect(await table.sync()).to.deep.equal([1])
    await table.commit(insert({ 2: 'a' }))
    expect(await table.sync()).to.include(2)
    expect(await table.sync()).to.deep.equal([])
  })
})

describe('cursors of other types', () => {
  const config = { late_commit_window_seconds: 0 }
  for (const [type, low, high] of [
    ['int2', '1', '2'],
    ['oid', '4000000000', '4000000001'],
    ['varchar(20)', 'k1', 'k2'],
    ['uuid', '00000000-0000-0000-0000-000000000001', 'ffffffff-0000-0000-0000-000000000000'],
    ['time', '10:00:00', '10:00:00.000001'],
    ['numeric(40, 20)', '12345678901234567890.12345678901234567890', '12345678901234567890.2'],
    ['timestamp', '0044-03-15 10:00:00 BC', '2024-01-31 10:00:00.000001'],
  ] as const) {
    it(`${type}: ${low} < ${high}`, async () => {
      await using table = await CursorTable.create({ create: create(type), config })
      await table.commit(insert({ 1: low }))
      expect(await table.sync()).to.deep.equal([1])
      expect(await table.sync()).to.deep.equal([])
      await table.commit(insert({ 2: high }))
      expect(await table.sync()).to.deep.equal([2])
      expect(await table.sync()).to.deep.equal([])
    })
  }
})
