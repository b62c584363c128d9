import { expect } from 'chai'
import { ident, literal } from '../src/sql.ts'
import { TestDatabase } from './helpers/database.ts'

const TEXTS = [
  'plain',
  "O'Neil",
  "''",
  '"',
  'a"b.c',
  '\\',
  "\\'",
  '\\\\x41',
  '$$',
  'a\nb\tc',
  '; DROP TABLE t; --',
  'é 列 😀 \u2028',
]

describe('ident', () => {
  it('is parsed to the name that it was built from', async () => {
    await using db = await TestDatabase.create()
    const rows = await db.sql(
      `SELECT ${TEXTS.map((text, i) => `${i} AS ${ident(text)}`).join(', ')}`,
    )
    expect(Object.keys(rows[0] ?? {})).to.have.members(TEXTS)
    await db.sql(`CREATE SCHEMA ${ident('a.b')}; CREATE TABLE ${ident('a.b', 'c"d.e')} (x int)`)
    expect(await db.sql(`SELECT x FROM ${ident('a.b', 'c"d.e')}`)).to.deep.equal([])
  })
})

describe('literal', () => {
  for (const setting of ['on', 'off']) {
    it(`is parsed to the text that it was built from, standard_conforming_strings ${setting}`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(`SET standard_conforming_strings = ${setting}`)
      for (const text of TEXTS) {
        expect(await db.sql(`SELECT ${literal(text)}::text AS text`)).to.deep.equal([{ text }])
        expect(await db.sql(`SELECT${literal(text)}::text AS text`)).to.deep.equal([{ text }])
      }
    })
  }
})
