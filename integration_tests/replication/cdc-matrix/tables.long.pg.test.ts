import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, a text, b int); INSERT INTO t VALUES (1, 'a1', 1), (2, 'a2', 2);`

const UNCHANGED: readonly CdcCase[] = [
  {
    name: 'DDL that alters no column: every change is read',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 3 WHERE id = 1',
          'ALTER TABLE t ALTER COLUMN a TYPE text, ALTER COLUMN b SET STATISTICS 50',
          'UPDATE t SET b = 4 WHERE id = 1',
          "ALTER TABLE t SET (fillfactor = 50); COMMENT ON TABLE t IS 'x'; GRANT SELECT ON t TO public; UPDATE t SET b = 5 WHERE id = 1",
          'CREATE INDEX ON t (b); ALTER TABLE t ALTER COLUMN b SET DEFAULT 7; ALTER TABLE t ALTER COLUMN b DROP DEFAULT; UPDATE t SET b = 6 WHERE id = 1',
          'ANALYZE t',
          'ALTER TABLE t ADD CHECK (b > 0); CREATE STATISTICS s ON a, b FROM t',
          'DELETE FROM t WHERE id = 2',
        ],
        read: ['+t 1 a1 3', '+t 1 a1 4', '+t 1 a1 5', '+t 1 a1 6', '-t 2 null null'],
      },
    ],
  },
]

const TABLES: readonly CdcCase[] = [
  {
    name: 'RENAME and back while changes wait',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 3 WHERE id = 1',
          'ALTER TABLE t RENAME TO u',
          'UPDATE u SET b = 4 WHERE id = 1',
          'ALTER TABLE u RENAME TO t',
          'UPDATE t SET b = 5 WHERE id = 1',
        ],
        read: ['+t 1 a1 3', '+t 1 a1 4', '+t 1 a1 5'],
      },
    ],
  },
  {
    name: 'SET SCHEMA and back while changes wait',
    tables: TABLE,
    rounds: [
      {
        write: [
          'CREATE SCHEMA s; ALTER TABLE t SET SCHEMA s',
          'UPDATE s.t SET b = 4 WHERE id = 1',
          'ALTER TABLE s.t SET SCHEMA public',
          'DELETE FROM t WHERE id = 2',
        ],
        read: ['+t 1 a1 4', '-t 2 null null'],
      },
    ],
  },
  {
    name: 'a rewrite: VACUUM FULL, CLUSTER and ALTER TYPE write no change',
    tables: TABLE,
    rounds: [
      {
        write: [
          'UPDATE t SET b = 3 WHERE id = 1',
          'VACUUM FULL t',
          'CLUSTER t USING t_pkey',
          'UPDATE t SET b = 4 WHERE id = 1',
        ],
        read: ['+t 1 a1 3', '+t 1 a1 4'],
      },
    ],
  },
  {
    name: 'tables that are not selected are created, filled and dropped',
    tables: `${TABLE} CREATE TABLE other (id int PRIMARY KEY, a text); INSERT INTO other VALUES (1, 'a')`,
    streams: ['t'],
    rounds: [
      {
        write: [
          "UPDATE other SET a = 'b'; UPDATE t SET b = 3 WHERE id = 1; DROP TABLE other",
          'CREATE TABLE brief (id int PRIMARY KEY); INSERT INTO brief VALUES (1); UPDATE t SET b = 4 WHERE id = 1; DROP TABLE brief',
          'UPDATE t SET b = 5 WHERE id = 1',
        ],
        read: ['+t 1 a1 3', '+t 1 a1 4', '+t 1 a1 5'],
      },
    ],
  },
  {
    name: 'another table that takes the key and the name of a dropped one in one transaction',
    tables: TABLE,
    rounds: [
      {
        write: [
          "UPDATE t SET b = 3 WHERE id = 1; DROP TABLE t; CREATE TABLE t (b int, id int PRIMARY KEY, a text); INSERT INTO t VALUES (9, 1, 'new')",
          'UPDATE t SET b = 10',
        ],
        read: ['+t 1 new 10'],
        warnings: [
          "Stream 'public.t' is read from the start: its table was created again, or another one has taken its name. Refresh the stream to remove rows of the earlier table from the destination.",
        ],
      },
    ],
    folds: { t: null },
  },
]

describe('tables that DDL does not change', () => testCases(UNCHANGED))
describe('tables that are altered between a change and its sync', () => testCases(TABLES))
