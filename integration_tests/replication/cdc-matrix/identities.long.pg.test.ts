import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, n int);
  CREATE UNIQUE INDEX by_code ON t (code);
  INSERT INTO t SELECT i, 'c' || i, 0 FROM generate_series(1, 4) AS i;`
const WRITE =
  'UPDATE t SET id = 10 WHERE id = 1; UPDATE t SET n = 1 WHERE id = 2; DELETE FROM t WHERE id = 3'
const BY_ROW = ['-t 1 c1 0', '+t 10 c1 0', '+t 2 c2 1', '-t 3 c3 0']

const OTHER_IDENTITY =
  "Stream 'public.t': the replica identity of its table was altered, and rows that were deleted or got another key before that cannot be identified. Refresh the stream to remove them from the destination."

const CASES: readonly CdcCase[] = [
  {
    name: 'INDEX with two columns in another order than the table',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX i ON t (b, a);
      ALTER TABLE t REPLICA IDENTITY USING INDEX i; INSERT INTO t VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1)`,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 9 WHERE id = 1; UPDATE t SET id = 20 WHERE id = 2; DELETE FROM t WHERE id = 3',
        ],
        read: ['-t null 1 1', '+t 1 1 9', '+t 20 1 2', '-t null 2 1'],
      },
    ],
  },
  {
    name: 'keys that are rotated through a free one',
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, 2)`,
    rounds: [
      {
        write: [
          'UPDATE t SET id = 0 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 2; UPDATE t SET id = 2 WHERE id = 0',
        ],
        read: ['-t 1 null', '+t 0 1', '-t 2 null', '+t 1 2', '-t 0 null', '+t 2 1'],
      },
    ],
  },
  {
    name: 'a deferrable key with an index as identity: rows that get the keys of each other in one statement',
    tables: `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, code text NOT NULL); CREATE UNIQUE INDEX by_code ON t (code);
      ALTER TABLE t REPLICA IDENTITY USING INDEX by_code; INSERT INTO t VALUES (1, 'c1'), (2, 'c2')`,
    rounds: [
      {
        write: ['UPDATE t SET id = 3 - id', 'DELETE FROM t WHERE id = 1'],
        read: ['+t 2 c1', '+t 1 c2', '-t null c2'],
      },
    ],
  },
  {
    name: 'an index that covers another column (INCLUDE)',
    tables: `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, n int NOT NULL); CREATE UNIQUE INDEX i ON t (code) INCLUDE (n);
      ALTER TABLE t REPLICA IDENTITY USING INDEX i; INSERT INTO t VALUES (1, 'c1', 1), (2, 'c2', 2)`,
    rounds: [
      {
        write: [
          'UPDATE t SET n = 5 WHERE id = 1',
          "UPDATE t SET code = 'x' WHERE id = 1",
          'DELETE FROM t WHERE id = 2',
        ],
        read: ['+t 1 c1 5', '-t null c1 null', '+t 1 x 5', '-t null c2 null'],
      },
    ],
  },
  {
    name: 'a key that is deleted and inserted again in one transaction',
    tables: TABLE,
    rounds: [
      {
        write: ["DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (1, 'again', 7)"],
        read: ['-t 1 null null', '+t 1 again 7'],
      },
    ],
  },
  {
    name: 'from DEFAULT to FULL between two syncs',
    tables: TABLE,
    rounds: [
      {
        write: ['UPDATE t SET n = 5 WHERE id = 4', 'ALTER TABLE t REPLICA IDENTITY FULL'],
        read: ['+t 4 c4 5'],
      },
      { write: [WRITE], read: BY_ROW },
    ],
  },
  {
    name: 'from FULL to DEFAULT between two syncs',
    tables: `${TABLE} ALTER TABLE t REPLICA IDENTITY FULL`,
    rounds: [{ write: [WRITE, 'ALTER TABLE t REPLICA IDENTITY DEFAULT'], read: BY_ROW }],
  },
  {
    name: 'NOTHING for a while, with rows that are inserted',
    tables: TABLE,
    rounds: [
      {
        write: [
          'ALTER TABLE t REPLICA IDENTITY NOTHING',
          "INSERT INTO t VALUES (5, 'c5', 5)",
          'ALTER TABLE t REPLICA IDENTITY DEFAULT',
          'UPDATE t SET n = 6 WHERE id = 5',
        ],
        read: ['+t 5 c5 5', '+t 5 c5 6'],
      },
    ],
  },
  {
    name: 'from INDEX to DEFAULT while changes wait',
    tables: `${TABLE} ALTER TABLE t REPLICA IDENTITY USING INDEX by_code`,
    rounds: [
      {
        write: [
          "UPDATE t SET code = 'x' WHERE id = 1; UPDATE t SET n = 1 WHERE id = 2; DELETE FROM t WHERE id = 3",
          'ALTER TABLE t REPLICA IDENTITY DEFAULT',
          'DELETE FROM t WHERE id = 4',
        ],
        isRefreshed: true,
        read: ['+t 1 x 0', '+t 2 c2 1', '-t 4 null null'],
        warnings: [OTHER_IDENTITY],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'from DEFAULT to INDEX while changes wait',
    tables: TABLE,
    rounds: [
      {
        write: [
          WRITE,
          'ALTER TABLE t REPLICA IDENTITY USING INDEX by_code',
          'DELETE FROM t WHERE id = 4',
        ],
        isRefreshed: true,
        read: ['+t 10 c1 0', '+t 2 c2 1', '-t null c4 null'],
        warnings: [OTHER_IDENTITY],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'a table without a key under FULL is not offered, and its changes do not disturb',
    tables: `${TABLE} CREATE TABLE loose (v int); ALTER TABLE loose REPLICA IDENTITY FULL; INSERT INTO loose VALUES (1)`,
    rounds: [
      {
        write: ['UPDATE loose SET v = 2; DELETE FROM loose', 'UPDATE t SET n = 1 WHERE id = 2'],
        read: ['+t 2 c2 1'],
      },
    ],
  },
]

describe('the replica identity', () => testCases(CASES))
