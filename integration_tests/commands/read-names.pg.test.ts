import { ident, literal } from '../../src/sql.ts'
import { TestDatabase } from '../helpers/database.ts'
import { expectSameRows, type RelationName } from './rows.ts'

/** Each is used as a schema, a table and a column. */
const NAMES = [
  'plain',
  'two words',
  ' leading and trailing ',
  'Capitals',
  'a.b',
  'public.t',
  'quo"te',
  '"quoted"',
  "apos'trophe",
  'back\\slash',
  'semi; DROP TABLE t; --',
  '/* comment */',
  '$1',
  '$$dollar$$',
  'percent%s',
  'tab\tand\nline feed',
  'Straße',
  '列名',
  'имя',
  'emoji 😀',
  'e\u0301 is not é',
  'line\u2028separator',
  'x'.repeat(63),
  'é'.repeat(31),
  'select',
  'user',
  'order',
  'table',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '10',
]

describe('read, names', () => {
  it('reads relations and columns of any name', async () => {
    await using db = await TestDatabase.create()
    const columns = NAMES.map((name) => `${ident(name)} text`).join(', ')
    const values = NAMES.map((name) => literal(`value of ${name}`)).join(', ')
    await db.sql(`CREATE SCHEMA ${ident('The "main" schema.x')}`)
    const relations = NAMES.map((name): RelationName => ['The "main" schema.x', name])
    for (const [schema, name] of relations) {
      await db.sql(
        `CREATE TABLE ${ident(schema, name)} (id int PRIMARY KEY, ${columns});
         INSERT INTO ${ident(schema, name)} VALUES (1, ${values}); INSERT INTO ${ident(schema, name)} VALUES (2)`,
      )
    }
    await expectSameRows(db, ...relations)
  })

  it('reads schemas of any name', async () => {
    await using db = await TestDatabase.create()
    const relations = NAMES.map((name): RelationName => [name, 't'])
    for (const [schema, name] of relations) {
      await db.sql(
        `CREATE SCHEMA ${ident(schema)}; CREATE TABLE ${ident(schema, name)} (a text);
         INSERT INTO ${ident(schema, name)} VALUES (${literal(schema)})`,
      )
    }
    await expectSameRows(db, ...relations)
  })

  it('reads a partition of any name', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE SCHEMA "a.b"; CREATE TABLE "p ""q""" (a int) PARTITION BY LIST (a)')
    for (const [index, name] of NAMES.entries()) {
      await db.sql(
        `CREATE TABLE ${ident('a.b', name)} PARTITION OF "p ""q""" FOR VALUES IN (${index})`,
      )
    }
    await db.sql(
      `INSERT INTO "p ""q""" SELECT n % ${NAMES.length} FROM generate_series(1, 500) AS n`,
    )
    await expectSameRows(db, ['public', 'p "q"'])
  })
})
