import { type CdcCase, testCases } from './cdc-case.ts'

const GENERATED = `CREATE TABLE t (id int PRIMARY KEY, n int, double int GENERATED ALWAYS AS (n * 2) STORED); INSERT INTO t (id, n) VALUES (1, 1);`
const WRITE = 'UPDATE t SET n = 5 WHERE id = 1; INSERT INTO t (id, n) VALUES (2, 2)'

const GENERATED_CASES: readonly CdcCase[] = [
  {
    name: 'stored ones are not offered while the publication leaves them out',
    tables: GENERATED,
    loaded: ['+t 1 1'],
    rounds: [{ write: [WRITE], read: ['+t 1 5', '+t 2 2'] }],
  },
  {
    name: 'stored ones under FULL are not offered either',
    tables: `${GENERATED} ALTER TABLE t REPLICA IDENTITY FULL`,
    majors: [12, 17],
    loaded: ['+t 1 1'],
    rounds: [
      { write: [WRITE, 'DELETE FROM t WHERE id = 1'], read: ['+t 1 5', '+t 2 2', '-t 1 5'] },
    ],
  },
  {
    name: 'one that a column list names, which the log does not have before PostgreSQL 18',
    tables: GENERATED,
    majors: [15, 17],
    publication: 'FOR TABLE t (id, n)',
    loaded: ['+t 1 1'],
    rounds: [{ write: [WRITE], read: ['+t 1 5', '+t 2 2'] }],
  },
  {
    name: 'stored ones with publish_generated_columns',
    tables: GENERATED,
    majors: [18, 99],
    publication: 'FOR TABLE t WITH (publish_generated_columns = stored)',
    loaded: ['+t 1 1 2'],
    rounds: [{ write: [WRITE], read: ['+t 1 5 10', '+t 2 2 4'] }],
  },
  {
    name: 'stored ones that a column list names',
    tables: GENERATED,
    majors: [18, 99],
    publication: 'FOR TABLE t (id, double)',
    loaded: ['+t 1 2'],
    rounds: [{ write: [WRITE], read: ['+t 1 10', '+t 2 4'] }],
  },
  {
    name: 'virtual ones are never offered',
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int, v int GENERATED ALWAYS AS (n * 2) VIRTUAL); INSERT INTO t (id, n) VALUES (1, 1);`,
    majors: [18, 99],
    publication: 'FOR TABLE t WITH (publish_generated_columns = stored)',
    loaded: ['+t 1 1'],
    rounds: [{ write: [WRITE], read: ['+t 1 5', '+t 2 2'] }],
  },
  {
    name: 'one whose expression is dropped has values from then on',
    tables: GENERATED,
    majors: [13, 99],
    rounds: [
      {
        write: [
          'ALTER TABLE t ALTER COLUMN double DROP EXPRESSION',
          'UPDATE t SET double = 7',
          'INSERT INTO t VALUES (2, 2, 9)',
        ],
        isRefreshed: true,
        read: ['+t 1 1 7', '+t 2 2 9'],
      },
    ],
  },
  {
    name: 'long stored ones that an update does not change',
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int, body text GENERATED ALWAYS AS (long('g')) STORED); INSERT INTO t (id, n) VALUES (1, 1);`,
    majors: [18, 99],
    publication: 'FOR TABLE t WITH (publish_generated_columns = stored)',
    loaded: ['+t 1 1 g…'],
    rounds: [{ write: ['UPDATE t SET n = 2'], read: ['+t 1 2 g…'] }],
  },
]

const WIDE = `CREATE TABLE t (id int PRIMARY KEY, a int, body text, secret text); INSERT INTO t VALUES (1, 1, long('b1'), 's')`

const ALTERED =
  "Stream 'public.t' is read from the start: it was taken out of the publication and added again, or its row filter or column list was altered, and the log lacks the changes of that time. Refresh the stream to remove deleted rows from the destination."

const LIST_CASES: readonly CdcCase[] = [
  {
    name: 'with long values, keys that change and deletes',
    tables: WIDE,
    majors: [15, 99],
    publication: 'FOR TABLE t (body, id, a)',
    loaded: ['+t 1 1 b1…'],
    rounds: [
      {
        write: [
          "UPDATE t SET secret = 'x'",
          'UPDATE t SET id = 2, a = 2',
          "INSERT INTO t VALUES (3, 3, NULL, 'x')",
          'DELETE FROM t WHERE id = 3',
        ],
        read: ['+t 1 1 ?', '-t 1 null null', '+t 2 2 b1…', '+t 3 3 null', '-t 3 null null'],
      },
    ],
  },
  {
    name: 'one that names another column later: the stream is read from the start',
    tables: WIDE,
    majors: [15, 99],
    publication: 'FOR TABLE t (id, a)',
    loaded: ['+t 1 1'],
    rounds: [
      {
        write: [
          'ALTER PUBLICATION p SET TABLE t (id, a, secret)',
          "INSERT INTO t VALUES (2, 2, NULL, 's2')",
        ],
        isRefreshed: true,
        read: ['+t 1 1 s', '+t 2 2 s2'],
        warnings: [ALTERED],
      },
      { write: ['UPDATE t SET a = 9'], read: ['+t 1 9 s', '+t 2 9 s2'] },
    ],
  },
  {
    name: 'one that leaves out a column later: null with the catalog of before',
    tables: WIDE,
    majors: [15, 99],
    publication: 'FOR TABLE t (id, a, secret)',
    loaded: ['+t 1 1 s'],
    rounds: [
      {
        write: [
          'UPDATE t SET a = 2',
          'ALTER PUBLICATION p SET TABLE t (id, a)',
          'UPDATE t SET a = 3',
        ],
        read: ['+t 1 3 null'],
        warnings: [
          "Stream 'public.t' no longer has 'secret': null in every record. Refresh the catalog.",
          ALTERED,
        ],
      },
    ],
    folds: { t: 'SELECT id, a, NULL AS secret FROM t' },
  },
  {
    name: 'of a partitioned table, published by its root and by its leaves',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a int, secret text) PARTITION BY LIST (id);
      CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 (secret text, a int, id int PRIMARY KEY);
      ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES IN (2); INSERT INTO t VALUES (1, 1, 's')`,
    majors: [15, 99],
    publication: 'FOR TABLE t (id, a) WITH (publish_via_partition_root = true)',
    streams: ['t'],
    loaded: ['+t 1 1'],
    rounds: [
      {
        write: ['UPDATE t SET id = 2', 'UPDATE t SET a = 5'],
        read: ['-t 1 null', '+t 2 1', '+t 2 5'],
      },
    ],
  },
]

describe('generated columns in the log', () => testCases(GENERATED_CASES))
describe('column lists of a publication', () => testCases(LIST_CASES))
