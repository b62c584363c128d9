import { expect } from 'chai'
import { TestDatabase } from '../helpers/database.ts'
import { columnNames, discover, relationsOf } from './discover.ts'

const ODD_NAMES = [
  'with space',
  'dou"ble',
  "sin'gle",
  'do.t',
  'CamelCase',
  'select',
  'back\\slash',
  'curly{},brace',
  'NULL',
  'größe_日本_😀',
  'x'.repeat(63),
  '__proto__',
]

describe('readRelations', () => {
  it('finds every kind of relation, by name', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, note text);
       CREATE VIEW v AS SELECT id, note FROM t;
       CREATE MATERIALIZED VIEW m AS SELECT id, at FROM t;
       CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);
       CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
       CREATE EXTENSION postgres_fdw;
       CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
       CREATE FOREIGN TABLE f (id int NOT NULL) SERVER elsewhere;
       CREATE SEQUENCE s; CREATE TYPE c AS (a int); CREATE INDEX i ON t (note);
       CREATE TABLE pg_buffercache (a int); CREATE TEMPORARY TABLE mine (a int)`,
    )
    const facts = Object.values(found).map((r) => [
      r.name,
      r.kind,
      r.isPartition,
      r.hasSystemColumns,
    ])
    expect(facts).to.deep.equal([
      ['f', 'f', false, false],
      ['m', 'm', false, true],
      ['p', 'p', false, true],
      ['p1', 'r', true, true],
      ['t', 'r', false, true],
      ['v', 'v', false, false],
    ])
    const nullable = (name: string): unknown => found[name]?.columns.map((c) => c.isNullable)
    expect(nullable('t')).to.deep.equal([false, false, true])
    expect([nullable('v'), nullable('m')]).to.deep.equal([
      [true, true],
      [true, true],
    ])
    expect(nullable('f')).to.deep.equal([true])
  })

  it('reads unusual names of schemas, tables and columns unchanged', async () => {
    await using db = await TestDatabase.create()
    for (const name of ODD_NAMES) {
      const quoted = `"${name.replaceAll('"', '""')}"`
      await db.sql(
        `CREATE SCHEMA ${quoted}; CREATE TABLE ${quoted}.${quoted} (${quoted} int PRIMARY KEY)`,
      )
    }
    const { relations } = await discover(db, { schemas: ODD_NAMES })
    const sorted = ODD_NAMES.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(relations.map((r) => [r.schema, r.name, columnNames(r), r.primaryKey])).to.deep.equal(
      sorted.map((name) => [name, name, [name], [name]]),
    )
    for (const name of ODD_NAMES) {
      const { relations: one } = await discover(db, { schemas: [name], table: name })
      expect(one.map((r) => r.name)).to.deep.equal([name])
      const from = `${one[0]?.columns[0]?.select} FROM "${name.replaceAll('"', '""')}".${one[0]?.columns[0]?.select}`
      await db.sql(`SELECT ${from}`)
    }
  })

  it('selects by schemas and table name, case sensitive', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE a (x int); CREATE TABLE "A" (x int); CREATE TABLE b (x int);
       CREATE SCHEMA other; CREATE TABLE other.a (x int)`,
    )
    const names = async (scope: object): Promise<string[]> =>
      (await discover(db, scope)).relations.map((r) => `${r.schema}.${r.name}`)
    expect(await names({ table: 'a' })).to.deep.equal(['public.a'])
    expect(await names({ table: 'A' })).to.deep.equal(['public.A'])
    expect(await names({ table: 'c' })).to.deep.equal([])
    expect(await names({ schemas: ['other', 'public'], table: 'a' })).to.deep.equal([
      'other.a',
      'public.a',
    ])
    expect(await names({ schemas: ['Other'] })).to.deep.equal([])
    expect(await names({ schemas: ['pg_catalog', 'information_schema'] })).to.deep.equal([])
  })

  it('omits dropped columns and includes generated ones', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (a * 2) STORED,
                       d bigint GENERATED ALWAYS AS IDENTITY);
       ALTER TABLE t DROP COLUMN b;
       ALTER TABLE t ADD COLUMN b text;
       CREATE TABLE none ();
       CREATE TABLE none_left (a int); ALTER TABLE none_left DROP COLUMN a`,
    )
    expect(columnNames(found['t'])).to.deep.equal(['a', 'c', 'd', 'b'])
    expect(columnNames(found['none'])).to.deep.equal([])
    expect(columnNames(found['none_left'])).to.deep.equal([])
  })

  it('reads a table with 1,600 columns', async () => {
    await using db = await TestDatabase.create()
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index}`)
    const found = await relationsOf(
      db,
      `CREATE TABLE wide (${columns.map((c) => `${c} int`).join()})`,
    )
    expect(columnNames(found['wide'])).to.deep.equal(columns)
  })

  it('returns the primary key in key order, without INCLUDE columns', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE TABLE k (a int, b int, c int, d int, PRIMARY KEY (c, a) INCLUDE (d));
       CREATE TABLE u (a int UNIQUE NOT NULL);
       CREATE TABLE p (a int, b int, PRIMARY KEY (b, a)) PARTITION BY LIST (a);
       CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
       CREATE TABLE half (a int NOT NULL) PARTITION BY LIST (a);
       CREATE TABLE half1 PARTITION OF half FOR VALUES IN (1);
       ALTER TABLE ONLY half ADD PRIMARY KEY (a)`,
    )
    expect(found['k']?.primaryKey).to.deep.equal(['c', 'a'])
    expect(found['u']?.primaryKey).to.deep.equal([])
    expect(found['p']?.primaryKey).to.deep.equal(['b', 'a'])
    expect(found['p1']?.primaryKey).to.deep.equal(['b', 'a'])
    expect(found['half']?.primaryKey).to.deep.equal([])
  })

  it('resolves domains, arrays, enums and the types of other schemas', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE SCHEMA kinds;
       CREATE DOMAIN kinds.amount AS numeric(10,2); CREATE DOMAIN kinds.price AS kinds.amount;
       CREATE TYPE kinds.mood AS ENUM ('sad', 'glad'); CREATE TYPE kinds.pair AS (a int, b text);
       CREATE TABLE t (a kinds.price, b kinds.price[], c kinds.mood, d kinds.mood[], e kinds.pair,
                       f int4range, g numeric(9,0), h numeric(9,2), i int[], j inet, k boolean[])`,
    )
    const columns = found['t']?.columns ?? []
    expect(columns.map((c) => c.type.name)).to.deep.equal([
      'price',
      '_price',
      'mood',
      '_mood',
      'pair',
      'int4range',
      'numeric',
      'numeric',
      '_int4',
      'inet',
      '_bool',
    ])
    await db.sql(
      `INSERT INTO t VALUES (1.5, '{2.5}', 'sad', '{glad}', '(1,x)', '[1,2)', 7, 7.5, '{1}', '10.0.0.1', '{t}')`,
    )
    const [row] = await db.sql(
      `SELECT ${columns.map((c) => `${c.select} AS ${c.name}`).join()} FROM t`,
    )
    expect(Object.values(row ?? {})).to.deep.equal([
      '1.50',
      '{2.50}',
      'sad',
      '{glad}',
      '(1,x)',
      '[1,2)',
      '7',
      '7.50',
      '{1}',
      '10.0.0.1',
      '{t}',
    ])
    expect(columns[6]?.type.jsonSchema).to.deep.equal({ type: 'number', airbyte_type: 'integer' })
  })

  it('returns rows and pages from the statistics, summed over leaves', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1000) AS g;
       CREATE TABLE never AS SELECT g AS a FROM generate_series(1, 1000) AS g;
       ALTER TABLE never SET (autovacuum_enabled = off);
       CREATE TABLE p (a int) PARTITION BY RANGE (a);
       CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (a);
       CREATE TABLE p1a PARTITION OF p1 FOR VALUES FROM (0) TO (5);
       CREATE TABLE p1b PARTITION OF p1 FOR VALUES FROM (5) TO (10);
       CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
       INSERT INTO p SELECT g % 20 FROM generate_series(1, 1000) AS g;
       CREATE VIEW v AS SELECT a FROM t;
       CREATE TABLE empty (a int) PARTITION BY RANGE (a);
       ANALYZE t, p1a, p1b, p2`,
    )
    const rows = Object.fromEntries(Object.values(found).map((r) => [r.name, r.estimatedRows]))
    expect(rows).to.deep.equal({
      empty: null,
      never: null,
      v: null,
      t: 1000,
      p: 1000,
      p1: 500,
      p1a: 250,
      p1b: 250,
      p2: 500,
    })
    const page = 8192
    expect(found['t']?.sizeBytes).to.be.greaterThan(page)
    expect(found['p']?.sizeBytes).to.equal(
      [found['p1a'], found['p1b'], found['p2']].reduce((sum, r) => sum + (r?.sizeBytes ?? NaN), 0),
    )
    expect([found['v']?.sizeBytes, found['empty']?.sizeBytes]).to.deep.equal([0, 0])
    expect(found['p1']?.kind).to.equal('p')
    expect(found['p1']?.isPartition).to.equal(true)
  })

  it('returns no system columns for a table with inheriting tables', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE TABLE parent (a int NOT NULL); CREATE TABLE child () INHERITS (parent);
       CREATE TABLE once (a int); CREATE TABLE gone () INHERITS (once); DROP TABLE gone`,
    )
    expect(found['parent']?.hasSystemColumns).to.equal(false)
    expect(found['parent']?.hasXmin).to.equal(true)
    expect(found['parent']?.columns[0]?.isNullable).to.equal(true)
    expect(found['child']?.hasSystemColumns).to.equal(true)
    expect(found['once']?.hasSystemColumns).to.equal(true)
  })

  it('ignores a NOT NULL constraint that is not valid', async function () {
    await using db = await TestDatabase.create()
    if (db.server.major < 18) return
    const found = await relationsOf(
      db,
      `CREATE TABLE t (a int, b int NOT NULL); INSERT INTO t VALUES (NULL, 1);
       ALTER TABLE t ADD CONSTRAINT later NOT NULL a NOT VALID`,
    )
    expect(found['t']?.columns.map((c) => c.isNullable)).to.deep.equal([true, false])
  })
})
