import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { expectSameRows } from './rows.ts'

describe('read, kinds of relations', () => {
  it('a table without rows: a state and COMPLETE, no record', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE TABLE t (id int PRIMARY KEY, name text)')
    const run = await expectSameRows(db, ['public', 't'])
    expect(run.records).to.deep.equal([])
    expect(run.states).to.have.length(1)
    expect(run.statuses).to.deep.equal(['t: STARTED', 't: COMPLETE'])
  })

  it('a table of one row, of no columns, of dropped columns, a view and a materialized view', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE one (id int PRIMARY KEY, name text, ok bool);
       INSERT INTO one VALUES (1, E'a "b"\\n\\\\', NULL);
       CREATE TABLE bare (); INSERT INTO bare SELECT FROM generate_series(1, 1000);
       CREATE TABLE dropped (a int, b text, c int, d text);
       INSERT INTO dropped SELECT n, 'b' || n, n, 'd' || n FROM generate_series(1, 500) AS n;
       ALTER TABLE dropped DROP COLUMN b; ALTER TABLE dropped ADD COLUMN e int DEFAULT 7;
       INSERT INTO dropped SELECT n, n, 'd' || n FROM generate_series(501, 1000) AS n;
       CREATE VIEW v AS SELECT a, c * 2 AS twice, d FROM dropped WHERE a % 3 = 0;
       CREATE MATERIALIZED VIEW m AS SELECT a, d FROM dropped; REFRESH MATERIALIZED VIEW m;
       CREATE MATERIALIZED VIEW none AS SELECT a FROM dropped WHERE false`,
    )
    await expectSameRows(
      db,
      ['public', 'one'],
      ['public', 'bare'],
      ['public', 'dropped'],
      ['public', 'v'],
      ['public', 'm'],
      ['public', 'none'],
    )
  })

  it('a partitioned table with virtual columns that a leaf computes in another way', async () => {
    await using db = await TestDatabase.create()
    if (db.server.major < 18) return // There are no virtual columns
    await db.sql(
      `CREATE TABLE p (id int, n int, v int GENERATED ALWAYS AS (n * 2) VIRTUAL) PARTITION BY LIST (id);
       CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
       CREATE TABLE p2 (v int GENERATED ALWAYS AS (n * 10) VIRTUAL, id int, n int);
       ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
       CREATE TABLE same (id int, n int, v int GENERATED ALWAYS AS (n * 2) VIRTUAL) PARTITION BY LIST (id);
       CREATE TABLE same1 PARTITION OF same FOR VALUES IN (1);
       INSERT INTO p VALUES (1, 1), (2, 1); INSERT INTO same VALUES (1, 1)`,
    )
    await expectSameRows(db, ['public', 'p'], ['public', 'p2'], ['public', 'same'])
    await using connector = await withConnector(db.config())
    const { streams } = await connector.catalog()
    const resumable = streams.filter((stream) => stream.is_resumable).map(({ name }) => name)
    expect(resumable).to.deep.equal(['p1', 'p2', 'same', 'same1'])
  })

  it('a partitioned table of several levels, with columns in another order in a leaf', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE p (id int, kind text, day int) PARTITION BY LIST (kind);
       CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a');
       CREATE TABLE p_b PARTITION OF p FOR VALUES IN ('b') PARTITION BY RANGE (day);
       CREATE TABLE p_b1 PARTITION OF p_b FOR VALUES FROM (0) TO (100) PARTITION BY HASH (id);
       CREATE TABLE p_b1_0 PARTITION OF p_b1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE TABLE p_b1_1 PARTITION OF p_b1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
       CREATE TABLE p_b2 (day int, gone int, kind text, id int);
       ALTER TABLE p_b2 DROP COLUMN gone;
       ALTER TABLE p_b ATTACH PARTITION p_b2 FOR VALUES FROM (100) TO (1000);
       CREATE TABLE p_rest PARTITION OF p DEFAULT;
       CREATE TABLE p_empty PARTITION OF p FOR VALUES IN ('nothing');
       INSERT INTO p
       SELECT n, (ARRAY['a', 'b', 'c', NULL])[n % 4 + 1], n % 1000 FROM generate_series(1, 20000) AS n`,
    )
    const run = await expectSameRows(db, ['public', 'p'])
    expect(run.records).to.have.length(20_000)
    await expectSameRows(db, ['public', 'p_b'], ['public', 'p_b2'], ['public', 'p_empty'])
  })

  it('a table with inheriting tables, including their rows', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE parent (id int, name text);
       CREATE TABLE child (extra int) INHERITS (parent);
       CREATE TABLE grandchild () INHERITS (child);
       INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 5), (1, 'p', 6);
       INSERT INTO grandchild VALUES (3, 'g', 7)`,
    )
    await expectSameRows(db, ['public', 'parent'], ['public', 'child'], ['public', 'grandchild'])
  })

  it('a foreign table, by itself and as a partition', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
       CREATE FOREIGN TABLE f (id int, name text) SERVER files
       OPTIONS (program 'printf "1,one\\n2,two\\n3,\\n"', format 'csv');
       CREATE TABLE p (id int, name text) PARTITION BY RANGE (id);
       CREATE TABLE p_here PARTITION OF p FOR VALUES FROM (10) TO (100);
       INSERT INTO p SELECT n, 'here' FROM generate_series(10, 99) AS n;
       CREATE FOREIGN TABLE p_far PARTITION OF p FOR VALUES FROM (0) TO (10) SERVER files
       OPTIONS (program 'printf "7,far\\n"', format 'csv')`,
    )
    const run = await expectSameRows(db, ['public', 'f'], ['public', 'p'])
    expect(run.records).to.have.length(3 + 91)
  })

  it('a table of 1,600 columns, all set and all null', async () => {
    await using db = await TestDatabase.create()
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index + 1}`)
    const values = columns.map((_, index) => (index % 3 === 1 ? 'n' : `n + ${index}`))
    await db.sql(
      `CREATE TABLE wide (${columns.map((name) => `${name} int`).join(', ')});
       INSERT INTO wide SELECT ${values.join(', ')} FROM generate_series(1, 50) AS n;
       INSERT INTO wide DEFAULT VALUES; ANALYZE wide`,
    )
    const run = await expectSameRows(db, ['public', 'wide'])
    expect(run.records).to.have.length(51)
    expect(Object.keys(run.records[0]?.data ?? {})).to.deep.equal(columns)
  })

  it('a table whose rows were updated, deleted and vacuumed', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE t (id int, filler text); ALTER TABLE t SET (autovacuum_enabled = off);
       INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, 20000) AS n;
       DELETE FROM t WHERE id BETWEEN 5000 AND 15000; UPDATE t SET filler = 'y' WHERE id % 7 = 0`,
    )
    await db.sql('VACUUM t')
    await expectSameRows(db, ['public', 't'])
    await db.sql('DELETE FROM t')
    await db.sql('VACUUM t')
    await expectSameRows(db, ['public', 't'])
  })
})
