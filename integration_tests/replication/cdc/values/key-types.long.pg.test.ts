import { expect } from 'chai'
import { CdcDatabase } from '../cdc-database.ts'
import { lastState, sync } from '../sync.ts'

/** Long enough for TOAST, and not compressible. */
const LONG = `(SELECT string_agg(md5(i::text || random()::text), '') FROM generate_series(1, 400) AS i)`

/** Types of keys, none of which is in the search_path of the role. */
const SCHEMA = `CREATE SCHEMA off; CREATE EXTENSION ltree SCHEMA off; CREATE EXTENSION citext SCHEMA off;
CREATE TYPE off.mood AS ENUM ('sad', 'glad'); CREATE DOMAIN off.felt AS off.mood; CREATE DOMAIN off.code AS off.citext;
CREATE TYPE off.pair AS (a int, b off.citext);
CREATE TYPE off.own;
CREATE FUNCTION off.own_in(cstring) RETURNS off.own IMMUTABLE STRICT LANGUAGE internal AS 'byteain';
CREATE FUNCTION off.own_out(off.own) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'byteaout';
CREATE TYPE off.own (INPUT = off.own_in, OUTPUT = off.own_out, LIKE = bytea);
CREATE FUNCTION off.own_cmp(off.own, off.own) RETURNS int IMMUTABLE STRICT LANGUAGE internal AS 'byteacmp';
${['lt', 'le', 'eq', 'ge', 'gt']
  .map(
    (name, index) => `
CREATE FUNCTION off.own_${name}(off.own, off.own) RETURNS bool IMMUTABLE STRICT LANGUAGE internal AS 'bytea${name}';
CREATE OPERATOR off.${['#<', '#<=', '#=', '#>=', '#>'][index]} (LEFTARG = off.own, RIGHTARG = off.own, FUNCTION = off.own_${name});`,
  )
  .join('')}
CREATE OPERATOR CLASS off.own_ops DEFAULT FOR TYPE off.own USING btree AS
  OPERATOR 1 off.#<, OPERATOR 2 off.#<=, OPERATOR 3 off.#=, OPERATOR 4 off.#>=, OPERATOR 5 off.#>, FUNCTION 1 off.own_cmp(off.own, off.own);`

async function update(
  keys: string,
  { schema = '', alter = '' }: { schema?: string; alter?: string } = {},
): Promise<{ bodies: readonly unknown[]; expected: readonly unknown[] }> {
  await using cdc = await CdcDatabase.create(
    `${schema} CREATE TABLE t (${keys}, n int, body text); INSERT INTO t (n, body) VALUES (1, ${LONG})`,
  )
  const state = lastState(await sync(cdc))
  await cdc.sql('UPDATE t SET n = 2')
  if (alter !== '') await cdc.sql(alter)
  const run = await sync(cdc, { state })
  lastState(run)
  const rows = await cdc.sql('SELECT body FROM t')
  return {
    bodies: run.records.map(({ data }) => data['body']),
    expected: rows.map(({ body }) => body),
  }
}

describe('a long value that an update does not change', () => {
  for (const [type, value] of [
    ['off.ltree', 'a.b'],
    ['off.citext', 'Ann'],
    ['off.code', 'Ann'],
    ['off.mood', 'glad'],
    ['off.felt', 'glad'],
    ['off.own', '\\x01'],
    ['off.mood[]', '{glad}'],
    ['off.pair', '(1,x)'],
    ['int4range', '[1,5)'],
    ['bytea', '\\x01'],
    ['inet', '10.0.0.1/8'],
    ['char(5)', 'ab'],
    ['numeric', '1.50'],
    ['timestamptz', '2024-01-31 12:00+01'],
  ] as const) {
    it(`is fetched by a key of the type ${type}`, async () => {
      const key = `id ${type} DEFAULT '${value}' PRIMARY KEY`
      const { bodies, expected } = await update(key, { schema: SCHEMA })
      expect(bodies).to.deep.equal(expected)
    })
  }

  it('is fetched by a key whose type was changed to a wider one', async () => {
    const { bodies, expected } = await update('id int DEFAULT 7 PRIMARY KEY', {
      alter: 'ALTER TABLE t ALTER id TYPE bigint',
    })
    expect(bodies).to.deep.equal(expected)
  })

  it('is null if the type of the key was changed to one that cannot be compared with the earlier one', async () => {
    const { bodies } = await update('id int DEFAULT 7 PRIMARY KEY', {
      alter: `ALTER TABLE t ALTER id DROP DEFAULT, ALTER id TYPE uuid USING md5(id::text)::uuid`,
    })
    expect(bodies).to.deep.equal([null])
  })
})
