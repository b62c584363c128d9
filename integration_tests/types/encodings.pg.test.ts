import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { type RawRecord, rawRecord } from './raw-record.ts'

/**
 * First major that prints a "char" beyond ASCII in octal; earlier ones print a byte that is not
 * UTF-8.
 */
const OCTAL_CHAR_MAJOR = 15

async function readRecords(db: TestDatabase): Promise<RawRecord[]> {
  await using connector = await withConnector(db.config())
  const run = await connector.read()
  expect(run.errors).to.deep.equal([])
  return run.messages.filter(({ type }) => type === 'RECORD').map(rawRecord)
}

describe('a database in SQL_ASCII', () => {
  it('reads bytes that are not UTF-8 as U+FFFD, flagged in the record', async () => {
    await using db = await TestDatabase.create(undefined, { encoding: 'SQL_ASCII' })
    await db.sql(`
      SET client_encoding = 'SQL_ASCII'; CREATE EXTENSION hstore; CREATE EXTENSION citext;
      CREATE DOMAIN label AS text;
      CREATE TYPE pair AS (a text, b int);
      CREATE TABLE t (id int, a text, b varchar, c char(4), d name, e text[], f hstore, g citext,
                      h label, i pair, j json, k text, l tsvector, m "char", n bytea);
      INSERT INTO t VALUES
        (1, E'caf\\xe9', E'\\xff', E'\\xe9', E'n\\xe9', ARRAY[E'\\xe9"', 'ok'], hstore(E'k\\xe9', E'v\\xff'),
         E'\\xe9', E'\\xe9', ROW(E'\\xe9', 1), E'"\\xe9"', E'\\xc3\\xa9', array_to_tsvector(ARRAY[E'\\xe9']),
         E'\\xe9', '\\xe9')`)
    const [record] = await readRecords(db)
    expect(Object.fromEntries(record?.values ?? [])).to.deep.equal({
      id: '1',
      a: '"caf\ufffd"',
      b: '"\ufffd"',
      c: '"\ufffd   "',
      d: '"n\ufffd"',
      e: '["\ufffd\\"","ok"]',
      f: '"{\\"k\ufffd\\":\\"v\ufffd\\"}"',
      g: '"\ufffd"',
      h: '"\ufffd"',
      i: '"(\ufffd,1)"',
      j: '"\\"\ufffd\\""',
      k: '"é"',
      l: '"\'\ufffd\'"',
      m: db.server.major < OCTAL_CHAR_MAJOR ? '"\ufffd"' : '"\\\\351"',
      n: '"\\\\xe9"',
    })
    const exact = db.server.major < OCTAL_CHAR_MAJOR ? 'kn' : 'kmn'
    const flagged = Array.from('abcdefghijklmn').filter((name) => !exact.includes(name))
    expect(record?.changes).to.deep.equal(
      flagged.map((name) => `${name} TRUNCATED SOURCE_SERIALIZATION_ERROR`),
    )
  })

  it('writes valid JSON for every byte sequence', async () => {
    await using db = await TestDatabase.create(undefined, { encoding: 'SQL_ASCII' })
    await db.sql(`
      SET client_encoding = 'SQL_ASCII';
      CREATE TABLE t AS
        SELECT a * 256 + b AS id, convert_from(set_byte(set_byte('\\x0000414243', 0, a), 1, b), 'SQL_ASCII') AS v,
               ARRAY[convert_from(set_byte(set_byte('\\x0000', 0, b), 1, a), 'SQL_ASCII')] AS w
        FROM generate_series(1, 255, 3) AS a, generate_series(1, 255) AS b`)
    const records = await readRecords(db)
    expect(records).to.have.length(85 * 255)
    for (const { values, changes } of records) {
      const id = Number(values.get('id'))
      const bytes = [Math.floor(id / 256), id % 256]
      const v = Buffer.from([...bytes, 0x41, 0x42, 0x43]).toString('utf8')
      const w = Buffer.from(bytes.toReversed()).toString('utf8')
      expect(values.get('v')).to.equal(JSON.stringify(v))
      expect(values.get('w')).to.equal(JSON.stringify([w]))
      expect(changes.length).to.equal([v, w].filter((text) => text.includes('\ufffd')).length)
    }
  })
})

describe('a database in LATIN1', () => {
  it('reads its text as UTF-8, without flags', async () => {
    await using db = await TestDatabase.create(undefined, { encoding: 'LATIN1' })
    await db.sql(`CREATE TYPE mood AS ENUM ('é');
      CREATE TABLE "tä" (id int, "ü" text, e text[], m mood, c char(3), j jsonb);
      INSERT INTO "tä" VALUES (1, 'é£ÿ"', '{é,"ü\\\\"}', 'é', 'ß', '{"é": "ß"}')`)
    const [record] = await readRecords(db)
    expect(record?.changes).to.deep.equal([])
    expect(Object.fromEntries(record?.values ?? [])).to.deep.equal({
      id: '1',
      ü: '"é£ÿ\\""',
      e: '["é","ü\\\\"]',
      m: '"é"',
      c: '"ß  "',
      j: '"{\\"é\\": \\"ß\\"}"',
    })
  })
})

describe('a "char" in a database in UTF8', () => {
  it('writes valid JSON, alone, in an array and in a composite', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`CREATE TYPE letters AS (a "char");
      CREATE TABLE t (id int, a "char", b "char"[], c letters);
      INSERT INTO t SELECT 1, x, ARRAY[x, 'a'], ROW(x)::letters FROM (SELECT 'é'::"char") AS s (x)`)
    const [record] = await readRecords(db)
    const isOctal = db.server.major >= OCTAL_CHAR_MAJOR
    const values = isOctal
      ? ['"\\\\303"', '["\\\\303","a"]', '"(\\"\\\\\\\\303\\")"']
      : ['"\ufffd"', '["\ufffd","a"]', '"(\ufffd)"']
    expect([...(record?.values.values() ?? [])]).to.deep.equal(['1', ...values])
    expect(record?.changes.length).to.equal(isOctal ? 0 : 3)
  })
})

describe('money', () => {
  it('is read as the same number for any lc_monetary', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`CREATE TABLE t (id int, m money, l money[]);
      INSERT INTO t VALUES (1, '-1234567.89'::numeric::money, ARRAY[1.5, NULL, -2000]::numeric[]::money[])`)
    for (const locale of await monetaryLocales(db)) {
      await db.sql(`ALTER DATABASE ${db.name} SET lc_monetary = '${locale}'`)
      const [record] = await readRecords(db)
      expect(record?.values.get('m'), locale).to.equal('-1234567.89')
      expect(record?.values.get('l'), locale).to.equal('[1.50,null,-2000.00]')
    }
  })
})

/** Locales of the machine that the server accepts and that have two decimals; C always exists. */
async function monetaryLocales(db: TestDatabase): Promise<string[]> {
  const taken: string[] = []
  for (const locale of ['C', 'POSIX', 'en_US.UTF-8', 'de_DE.UTF-8', 'fr_CH.UTF-8', 'en_IN.UTF-8']) {
    const isKnown = await db.sql(`SET lc_monetary = '${locale}'`).then(
      () => true,
      () => false,
    )
    if (isKnown) taken.push(locale)
  }
  await db.sql('RESET lc_monetary')
  return taken
}
