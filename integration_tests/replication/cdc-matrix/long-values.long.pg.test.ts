import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, n int, body text);
  CREATE UNIQUE INDEX by_code ON t (code);
  INSERT INTO t SELECT i, 'c' || i, 0, long('b' || i) FROM generate_series(1, 3) AS i;`

const IDENTITIES: readonly CdcCase[] = [
  {
    name: 'DEFAULT: they are fetched by the primary key',
    tables: TABLE,
    rounds: [
      { write: ['UPDATE t SET n = 1 WHERE id = 1'], read: ['+t 1 c1 1 b1…'] },
      { write: ["UPDATE t SET code = 'x' WHERE id = 2"], read: ['+t 2 x 0 b2…'] },
    ],
  },
  {
    name: 'DEFAULT: a key that changes takes them along, also twice in one transaction',
    tables: TABLE,
    rounds: [
      {
        write: ['UPDATE t SET id = 10 WHERE id = 1'],
        read: ['-t 1 null null null', '+t 10 c1 0 b1…'],
      },
      {
        write: ['UPDATE t SET id = 20 WHERE id = 2; UPDATE t SET id = 21, n = 5 WHERE id = 20'],
        read: ['-t 2 null null null', '+t 20 c2 0 ?', '-t 20 null null null', '+t 21 c2 5 b2…'],
      },
    ],
  },
  {
    name: 'INDEX: they are fetched by the columns of the index',
    tables: `${TABLE} ALTER TABLE t REPLICA IDENTITY USING INDEX by_code`,
    rounds: [
      { write: ['UPDATE t SET n = 1 WHERE id = 1'], read: ['+t 1 c1 1 b1…'] },
      {
        write: ["UPDATE t SET code = 'x' WHERE id = 2"],
        read: ['-t null c2 null null', '+t 2 x 0 b2…'],
      },
      { write: ['UPDATE t SET id = 30 WHERE id = 3'], read: ['+t 30 c3 0 b3…'] },
    ],
  },
  {
    name: 'FULL: they are in the old row, also of a row that is gone',
    tables: `${TABLE} ALTER TABLE t REPLICA IDENTITY FULL`,
    rounds: [
      {
        write: [
          'UPDATE t SET n = 1 WHERE id = 1; DELETE FROM t WHERE id = 1',
          'UPDATE t SET id = 20 WHERE id = 2; UPDATE t SET id = 21 WHERE id = 20',
        ],
        read: [
          '+t 1 c1 1 b1…',
          '-t 1 c1 1 b1…',
          '-t 2 c2 0 b2…',
          '+t 20 c2 0 b2…',
          '-t 20 c2 0 b2…',
          '+t 21 c2 0 b2…',
        ],
      },
    ],
  },
]

const DISTURBED: readonly CdcCase[] = [
  {
    name: 'an identity that becomes FULL and DEFAULT again between updates',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET n = 1 WHERE id = 1',
          'ALTER TABLE t REPLICA IDENTITY FULL',
          'UPDATE t SET n = 2 WHERE id = 1; DELETE FROM t WHERE id = 2',
          'ALTER TABLE t REPLICA IDENTITY DEFAULT',
          'UPDATE t SET n = 3 WHERE id = 1; DELETE FROM t WHERE id = 3',
        ],
        read: [
          '+t 1 c1 1 b1…',
          '+t 1 c1 2 b1…',
          '-t 2 c2 0 b2…',
          '+t 1 c1 3 b1…',
          '-t 3 null null null',
        ],
      },
    ],
  },
  {
    name: 'a key that is stored out of line itself',
    tables: `CREATE TABLE t (id text PRIMARY KEY, n int, body text); ALTER TABLE t ALTER COLUMN id SET STORAGE EXTERNAL;
      CREATE FUNCTION wide(name text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT name || repeat('k', 2100) $$;
      INSERT INTO t SELECT wide(i::text), 0, long('b' || i) FROM generate_series(1, 2) AS i`,
    folds: { t: 'SELECT * FROM t' },
    rounds: [
      {
        write: ["UPDATE t SET n = 1 WHERE id = wide('1')", "DELETE FROM t WHERE id = wide('2')"],
        read: [`+t 1${'k'.repeat(2100)} 1 b1…`, `-t 2${'k'.repeat(2100)} null null`],
      },
    ],
  },
  {
    name: 'values that are changed, set to NULL and set again',
    tables: TABLE,
    rounds: [
      {
        write: [
          "UPDATE t SET body = long('new'), n = 1 WHERE id = 1",
          'UPDATE t SET n = 2 WHERE id = 1',
        ],
        read: ['+t 1 c1 1 new…', '+t 1 c1 2 new…'],
      },
      {
        write: ['UPDATE t SET body = NULL WHERE id = 2', 'UPDATE t SET n = 2 WHERE id = 2'],
        read: ['+t 2 c2 0 null', '+t 2 c2 2 null'],
      },
    ],
  },
]

/** The values are those of the changes, also if the row was changed again or deleted. */
const IN_ONE_SYNC: readonly CdcCase[] = [
  {
    name: 'DEFAULT: of a row that changes further',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (4, 'c4', 0, long('b4')); UPDATE t SET n = 1 WHERE id = 4",
          "UPDATE t SET body = long('x4') WHERE id = 4",
          'UPDATE t SET n = 2 WHERE id = 4',
          "UPDATE t SET body = 'short' WHERE id = 4",
          'UPDATE t SET n = 3 WHERE id = 4',
        ],
        read: [
          '+t 4 c4 0 b4…',
          '+t 4 c4 1 b4…',
          '+t 4 c4 1 x4…',
          '+t 4 c4 2 x4…',
          '+t 4 c4 2 short',
          '+t 4 c4 3 short',
        ],
      },
    ],
  },
  {
    name: 'DEFAULT: of a row whose key changes, and that is deleted',
    tables: TABLE,
    rounds: [
      {
        write: [
          "UPDATE t SET body = long('x1') WHERE id = 1",
          'UPDATE t SET id = 10 WHERE id = 1; UPDATE t SET n = 1 WHERE id = 10',
          "DELETE FROM t WHERE id = 10; INSERT INTO t VALUES (10, 'c1', 0, 'short')",
          'UPDATE t SET n = 5 WHERE id = 10',
        ],
        read: [
          '+t 1 c1 0 x1…',
          '-t 1 null null null',
          '+t 10 c1 0 x1…',
          '+t 10 c1 1 x1…',
          '-t 10 null null null',
          '+t 10 c1 0 short',
          '+t 10 c1 5 short',
        ],
      },
    ],
  },
  {
    name: 'INDEX: of a row that is deleted',
    tables: `${TABLE} ALTER TABLE t REPLICA IDENTITY USING INDEX by_code`,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (4, 'c4', 0, long('b4'))",
          "UPDATE t SET n = 1 WHERE id = 4; UPDATE t SET code = 'x' WHERE id = 4",
          'DELETE FROM t WHERE id = 4',
        ],
        read: [
          '+t 4 c4 0 b4…',
          '+t 4 c4 1 b4…',
          '-t null c4 null null',
          '+t 4 x 1 b4…',
          '-t null x null null',
        ],
      },
    ],
  },
  {
    name: 'DEFAULT: of a table that is altered between the changes',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (4, 'c4', 0, long('b4'))",
          'ALTER TABLE t DROP COLUMN n; ALTER TABLE t ADD COLUMN n int',
          'UPDATE t SET n = 1 WHERE id = 4',
          "UPDATE t SET code = 'x' WHERE id = 4",
        ],
        isRefreshed: true,
        read: ['+t 4 c4 b4… 0', '+t 4 c4 b4… 1', '+t 4 x b4… 1'],
      },
    ],
    folds: { t: null },
  },
]

describe('long values that an update does not change', () => {
  testCases(IN_ONE_SYNC)
  testCases(IDENTITIES)
  testCases(DISTURBED)
})
