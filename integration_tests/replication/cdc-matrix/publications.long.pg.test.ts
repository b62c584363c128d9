import { type CdcCase, testCases } from './cdc-case.ts'

const TABLES = `CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (id int PRIMARY KEY, n int);
  INSERT INTO a VALUES (1, 1), (2, 20); INSERT INTO b VALUES (1, 1);`
const WRITE = 'INSERT INTO a VALUES (3, 3); INSERT INTO b VALUES (3, 3)'

const SCOPES: readonly CdcCase[] = [
  {
    name: 'FOR ALL TABLES covers a table that is created later',
    tables: TABLES,
    rounds: [
      {
        write: ['CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c VALUES (1)', WRITE],
        read: ['+a 3 3', '+b 3 3'],
      },
      { write: ['INSERT INTO c VALUES (2)'], isRefreshed: true, read: ['+c 1', '+c 2'] },
      { write: ['INSERT INTO c VALUES (3)'], read: ['+c 3'] },
    ],
  },
  {
    name: 'FOR TABLES IN SCHEMA covers tables that are created or moved there later',
    majors: [15, 99],
    tables: `${TABLES} CREATE SCHEMA s; CREATE TABLE s.c (id int PRIMARY KEY); INSERT INTO s.c VALUES (1)`,
    publication: 'FOR TABLES IN SCHEMA public',
    rounds: [
      { write: ['INSERT INTO s.c VALUES (2)', WRITE], read: ['+a 3 3', '+b 3 3'] },
      {
        write: [
          'CREATE TABLE d (id int PRIMARY KEY); INSERT INTO d VALUES (1)',
          'ALTER TABLE s.c SET SCHEMA public',
          'UPDATE b SET n = 4 WHERE id = 1',
        ],
        isRefreshed: true,
        read: ['+c 1', '+c 2', '+d 1', '+b 1 4'],
      },
      { write: ['INSERT INTO c VALUES (3)', 'INSERT INTO d VALUES (2)'], read: ['+c 3', '+d 2'] },
    ],
  },
  {
    name: 'FOR TABLES IN SCHEMA and a table with a filter',
    majors: [15, 99],
    tables: `${TABLES} CREATE SCHEMA s; CREATE TABLE s.c (id int PRIMARY KEY); INSERT INTO s.c VALUES (1)`,
    publication: 'FOR TABLES IN SCHEMA s, TABLE a WHERE (id > 1)',
    loaded: ['+a 2 20'],
    rounds: [
      {
        write: [
          'INSERT INTO s.c VALUES (2)',
          WRITE,
          'UPDATE a SET n = 0',
          'DELETE FROM a WHERE id = 1',
        ],
        read: ['+a 3 3', '+a 2 0', '+a 3 0'],
      },
    ],
    folds: { a: 'SELECT * FROM a WHERE id > 1' },
  },
  {
    name: 'a table with children that inherit from it is read without them',
    tables: `CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (PRIMARY KEY (id)) INHERITS (a);
      INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (2, 2)`,
    loaded: ['+a 1 1', '+b 2 2'],
    rounds: [
      {
        write: ['UPDATE a SET n = n + 10', 'INSERT INTO b VALUES (3, 3)'],
        read: ['+a 1 11', '+b 2 12', '+b 3 3'],
      },
    ],
    folds: { a: 'SELECT * FROM ONLY a' },
  },
]

const lapsed = (name: string): string =>
  `Stream 'public.${name}' is read from the start: it was taken out of the publication and added again, or its row filter or column list was altered, and the log lacks the changes of that time. Refresh the stream to remove deleted rows from the destination.`

const ALTERED: readonly CdcCase[] = [
  {
    name: 'a table is added, and read from its snapshot on',
    tables: TABLES,
    publication: 'FOR TABLE a',
    loaded: ['+a 1 1', '+a 2 20'],
    rounds: [
      { write: [WRITE], read: ['+a 3 3'] },
      {
        write: [
          'UPDATE b SET n = 5',
          'ALTER PUBLICATION p ADD TABLE b',
          'UPDATE a SET n = 0 WHERE id = 1',
        ],
        isRefreshed: true,
        read: ['+b 1 5', '+b 3 5', '+a 1 0'],
      },
      { write: ['DELETE FROM b WHERE id = 3'], read: ['-b 3 null'] },
    ],
  },
  {
    name: 'a table is taken out and added again: it is read from the start',
    tables: TABLES,
    publication: 'FOR TABLE a, b',
    rounds: [
      {
        write: [
          'ALTER PUBLICATION p DROP TABLE a',
          'UPDATE a SET n = 5 WHERE id = 1',
          'ALTER PUBLICATION p ADD TABLE a',
          WRITE,
        ],
        read: ['+a 2 20', '+a 1 5', '+a 3 3', '+b 3 3'],
        warnings: [lapsed('a')],
      },
      { write: ['UPDATE a SET n = 6 WHERE id = 1'], read: ['+a 1 6'] },
    ],
  },
  {
    name: 'it is set to other tables and back: the others are read from the start',
    tables: TABLES,
    publication: 'FOR TABLE a, b',
    rounds: [
      {
        write: [
          'ALTER PUBLICATION p SET TABLE b',
          'UPDATE a SET n = 5 WHERE id = 1',
          'ALTER PUBLICATION p SET TABLE a, b',
          WRITE,
        ],
        read: ['+a 2 20', '+a 1 5', '+a 3 3', '+b 3 3'],
        warnings: [lapsed('a')],
      },
    ],
  },
  {
    name: 'a schema is taken out and added again: its tables are read from the start',
    majors: [15, 99],
    tables: 'CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1, 1)',
    publication: 'FOR TABLES IN SCHEMA public',
    rounds: [
      {
        write: [
          'ALTER PUBLICATION p DROP TABLES IN SCHEMA public',
          'UPDATE a SET n = 5',
          'ALTER PUBLICATION p ADD TABLES IN SCHEMA public',
        ],
        read: ['+a 1 5'],
        warnings: [lapsed('a')],
      },
    ],
  },
  {
    name: 'a filter becomes wider: the rows that it shows now are read',
    majors: [15, 99],
    tables: TABLES,
    publication: 'FOR TABLE a WHERE (id > 1), b',
    loaded: ['+a 2 20', '+b 1 1'],
    rounds: [
      {
        write: ['ALTER PUBLICATION p SET TABLE a, b', WRITE],
        read: ['+a 1 1', '+a 2 20', '+a 3 3', '+b 3 3'],
        warnings: [lapsed('a')],
      },
    ],
  },
  {
    name: 'a filter becomes narrower: the destination keeps the rows that it hides now',
    majors: [15, 99],
    tables: TABLES,
    publication: 'FOR TABLE a, b',
    rounds: [
      {
        write: ['ALTER PUBLICATION p SET TABLE a WHERE (id > 1), b', WRITE],
        read: ['+a 2 20', '+a 3 3', '+b 3 3'],
        warnings: [lapsed('a')],
      },
    ],
  },
  {
    name: 'a partitioned table that is published by its root is taken out and added again',
    majors: [13, 99],
    tables: `CREATE TABLE a (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE a_1 PARTITION OF a FOR VALUES IN (1);
      INSERT INTO a VALUES (1, 1); CREATE TABLE b (id int PRIMARY KEY)`,
    publication: 'FOR TABLE a, b',
    streams: ['a', 'a_1'],
    rounds: [
      { write: ['CREATE TABLE a_2 PARTITION OF a FOR VALUES IN (2)'], read: [] },
      {
        write: [
          'ALTER PUBLICATION p DROP TABLE a',
          'UPDATE a SET n = 5',
          'ALTER PUBLICATION p ADD TABLE a',
        ],
        read: ['+a 1 5', '+a_1 1 5'],
        warnings: [lapsed('a'), lapsed('a_1')],
      },
    ],
  },
  {
    name: 'operations that are left out for a while',
    tables: TABLES,
    rounds: [
      {
        write: [
          "ALTER PUBLICATION p SET (publish = 'insert')",
          'DELETE FROM a WHERE id = 1',
          WRITE,
        ],
        read: ['+a 3 3', '+b 3 3'],
      },
    ],
    folds: { a: 'SELECT 1 AS id, 1 AS n UNION ALL SELECT * FROM a' },
  },
]

const FILTERS: readonly CdcCase[] = [
  {
    name: 'by the key, with keys that change into and out of it',
    majors: [15, 99],
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int, body text); INSERT INTO t SELECT i, i, long('b' || i) FROM generate_series(1, 4) AS i`,
    publication: 'FOR TABLE t WHERE (id > 2)',
    loaded: ['+t 3 3 b3…', '+t 4 4 b4…'],
    rounds: [
      {
        write: [
          'UPDATE t SET id = 10 WHERE id = 1',
          'UPDATE t SET id = 0 WHERE id = 4',
          'UPDATE t SET n = 9 WHERE id = 3',
          'UPDATE t SET n = 9 WHERE id = 2',
        ],
        read: ['+t 10 1 b1…', '-t 4 null null', '+t 3 9 b3…'],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id > 2' },
  },
  {
    name: 'that compare text in a collation, and need quotes',
    majors: [15, 99],
    tables: `CREATE TABLE "T x" ("Id" int PRIMARY KEY, "the 'name'" text COLLATE "C"); ALTER TABLE "T x" REPLICA IDENTITY FULL; INSERT INTO "T x" VALUES (1, 'a''b'), (2, 'B')`,
    publication: `FOR TABLE "T x" WHERE ("the 'name'" > 'a' AND "Id" IS NOT NULL)`,
    loaded: ["+T x 1 a'b"],
    rounds: [
      {
        write: [
          `UPDATE "T x" SET "the 'name'" = 'z' WHERE "Id" = 2; UPDATE "T x" SET "the 'name'" = 'A' WHERE "Id" = 1`,
        ],
        read: ['+T x 2 z', "-T x 1 a'b"],
      },
    ],
    folds: { 'T x': `SELECT * FROM "T x" WHERE "the 'name'" > 'a'` },
  },
  {
    name: 'of leaves that differ, under a root that is selected',
    majors: [15, 99],
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1, 10);
      CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2, 20); INSERT INTO t VALUES (1, 1), (10, 1), (2, 2), (20, 2)`,
    publication: 'FOR TABLE t_1 WHERE (id > 5), t_2',
    streams: ['t'],
    loaded: ['+t 10 1', '+t 2 2', '+t 20 2'],
    rounds: [
      {
        write: [
          'UPDATE t SET n = 5',
          'UPDATE t SET id = 1 WHERE id = 10 AND false',
          'DELETE FROM t WHERE id = 2',
        ],
        read: ['+t 10 5', '+t 2 5', '+t 20 5', '-t 2 null'],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id > 5' },
  },
  {
    name: 'of a root that shows its partitions as its own',
    majors: [15, 99],
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1, 10);
      CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2, 20); INSERT INTO t VALUES (1, 1), (10, 1), (2, 2), (20, 2)`,
    publication: 'FOR TABLE t WHERE (id > 5) WITH (publish_via_partition_root = true)',
    streams: ['t'],
    loaded: ['+t 10 1', '+t 20 2'],
    rounds: [
      {
        write: ['UPDATE t SET n = 5', 'DELETE FROM t WHERE id = 10'],
        read: ['+t 10 5', '+t 20 5', '-t 10 null'],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id > 5' },
  },
]

describe('the tables of a publication', () => testCases(SCOPES))
describe('a publication that is altered between two syncs', () => testCases(ALTERED))
describe('row filters of a publication', () => testCases(FILTERS))
