import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, a text, b int); INSERT INTO t VALUES (1, 'a1', 1), (2, 'a2', 2);`

/** The columns a and b are each called as the other one. */
const SWAP =
  'ALTER TABLE t RENAME a TO swapped; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME swapped TO b'

const COLUMNS: readonly CdcCase[] = [
  {
    name: 'ADD COLUMN: with the catalog of before, records do not have it',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3)",
          'ALTER TABLE t ADD COLUMN c int DEFAULT 7',
          "INSERT INTO t VALUES (4, 'a4', 4, 8)",
        ],
        read: ['+t 3 a3 3', '+t 4 a4 4'],
      },
    ],
  },
  {
    name: 'ADD COLUMN with a default: rows that changed before it do not have it',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3); UPDATE t SET b = 5 WHERE id < 3",
          'ALTER TABLE t ADD COLUMN c int DEFAULT 7',
          "INSERT INTO t VALUES (4, 'a4', 4, 8)",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3 null', '+t 1 a1 5 null', '+t 2 a2 5 null', '+t 4 a4 4 8'],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'ADD COLUMN in the transaction of the rows',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3); ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = id; INSERT INTO t VALUES (4, 'a4', 4, 8)",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3 null', '+t 1 a1 1 1', '+t 2 a2 2 2', '+t 3 a3 3 3', '+t 4 a4 4 8'],
      },
    ],
  },
  {
    name: 'RENAME COLUMN: rows that changed before it have their values',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3); UPDATE t SET a = 'x' WHERE id = 1",
          'ALTER TABLE t RENAME COLUMN a TO c',
          "UPDATE t SET c = 'y' WHERE id = 2",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3', '+t 1 x 1', '+t 2 y 2'],
      },
    ],
  },
  {
    name: 'RENAME COLUMN: two columns that swap their names have their own values',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')`,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 'b3'); UPDATE t SET a = 'x' WHERE id = 1",
          SWAP,
          "UPDATE t SET a = 'y' WHERE id = 2",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 b3', '+t 1 x b1', '+t 2 a2 y'],
      },
    ],
  },
  {
    name: 'RENAME COLUMN: columns of different types that swap their names, one of them the key',
    tables: `CREATE TABLE t (a int PRIMARY KEY, c int, b text); INSERT INTO t VALUES (1, 1, 'b1'), (2, 2, 'b2')`,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 3, 'b3'); UPDATE t SET b = 'x' WHERE a = 1; DELETE FROM t WHERE a = 2",
          SWAP,
          "UPDATE t SET a = 'y' WHERE b = 3",
        ],
        isRefreshed: true,
        read: ['+t 3 3 b3', '+t 1 1 x', '-t 2 null null', '+t 3 3 y'],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'RENAME COLUMN: a swap of names in a partitioned table, one of whose leaves has other places',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a text, b text) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
      CREATE TABLE t_2 (b text, id int PRIMARY KEY, a text); ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES IN (2); INSERT INTO t VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')`,
    streams: ['t'],
    rounds: [
      {
        write: ["UPDATE t SET a = 'x'", SWAP, "UPDATE t SET b = 'z'"],
        isRefreshed: true,
        read: ['+t 1 x b1', '+t 2 x b2', '+t 1 z b1', '+t 2 z b2'],
      },
    ],
  },
  {
    name: 'RENAME COLUMN: a swap of names beside a column that is added',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'a1', 'b1')`,
    rounds: [
      {
        write: ["UPDATE t SET a = 'x'", `${SWAP}; ALTER TABLE t ADD c int`, 'UPDATE t SET c = 1'],
        isRefreshed: true,
        read: ['+t 1 x b1 null', '+t 1 x b1 1'],
      },
    ],
  },
  {
    name: 'DROP COLUMN and ADD COLUMN of the same name and type behind another one',
    tables: `CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'a1', 'b1')`,
    rounds: [
      {
        write: [
          "UPDATE t SET a = 'x'",
          'ALTER TABLE t DROP a; ALTER TABLE t ADD a text',
          "UPDATE t SET a = 'y'",
        ],
        isRefreshed: true,
        read: ['+t 1 b1 x', '+t 1 b1 y'],
      },
    ],
  },
  {
    name: 'DROP COLUMN: null in the records of the catalog of before',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3)",
          'ALTER TABLE t DROP COLUMN b',
          "INSERT INTO t VALUES (4, 'a4')",
        ],
        read: ['+t 3 a3 null', '+t 4 a4 null'],
        warnings: [
          "Stream 'public.t' no longer has 'b': null in every record. Refresh the catalog.",
        ],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'DROP COLUMN and ADD COLUMN of the same name with another type',
    tables: TABLE,
    rounds: [
      {
        write: [
          "INSERT INTO t VALUES (3, 'a3', 3)",
          "ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN b text DEFAULT 'new'",
          "UPDATE t SET a = 'x'",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3', '+t 1 x new', '+t 2 x new', '+t 3 x new'],
      },
    ],
  },
  {
    name: 'ALTER TYPE: each row in the type of its time',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 3 WHERE id = 1',
          'ALTER TABLE t ALTER COLUMN b TYPE text',
          "UPDATE t SET b = 'many' WHERE id = 2",
        ],
        isRefreshed: true,
        read: ['+t 1 a1 3', '+t 2 a2 many'],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'ALTER TYPE in the transaction of the rows',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 3 WHERE id = 1; ALTER TABLE t ALTER COLUMN b TYPE bigint; UPDATE t SET b = 5000000000 WHERE id = 1',
        ],
        read: ['+t 1 a1 3', '+t 1 a1 5000000000'],
      },
    ],
  },
]

const TYPES: readonly CdcCase[] = [
  {
    name: 'an enum that is created and used in one transaction',
    tables: TABLE,
    rounds: [
      {
        write: [
          "CREATE TYPE mood AS ENUM ('ok'); ALTER TABLE t ADD COLUMN m mood; INSERT INTO t VALUES (3, 'a3', 3, 'ok')",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3 ok'],
      },
      {
        write: ["ALTER TYPE mood ADD VALUE 'glad' BEFORE 'ok'", "UPDATE t SET m = 'glad'"],
        read: ['+t 1 a1 1 glad', '+t 2 a2 2 glad', '+t 3 a3 3 glad'],
      },
      {
        write: [
          "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'",
          'UPDATE t SET b = 9 WHERE id = 1',
        ],
        read: ['+t 1 a1 9 happy'],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'a type that is dropped again before the sync',
    tables: TABLE,
    rounds: [
      {
        write: [
          "CREATE TYPE gone AS ENUM ('x'); ALTER TABLE t ADD COLUMN c gone; INSERT INTO t VALUES (3, 'a3', 3, 'x')",
          'ALTER TABLE t ALTER COLUMN c TYPE text; DROP TYPE gone',
          "INSERT INTO t VALUES (4, 'a4', 4, 'y')",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3 x', '+t 4 a4 4 y'],
      },
    ],
  },
  {
    name: 'a domain and a composite type that are created later',
    tables: TABLE,
    rounds: [
      {
        write: [
          'CREATE DOMAIN positive AS int CHECK (value > 0); CREATE TYPE pair AS (x int, y text); ALTER TABLE t ADD COLUMN d positive, ADD COLUMN p pair',
          "INSERT INTO t VALUES (3, 'a3', 3, 5, (1, 'y'))",
        ],
        isRefreshed: true,
        read: ['+t 3 a3 3 5 (1,y)'],
      },
    ],
    folds: { t: null },
  },
]

describe('columns that are altered between a change and its sync', () => testCases(COLUMNS))
describe('types that are created between a change and its sync', () => testCases(TYPES))
