import { type CdcCase, testCases } from './cdc-case.ts'

const truncated = (name: string): string =>
  `Table 'public.${name}' was truncated. The protocol has no message for it: the destination keeps the rows. Refresh the stream to remove them.`

const TRUNCATES: readonly CdcCase[] = [
  {
    name: 'of several tables, one of which is not selected',
    tables: `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY); INSERT INTO a VALUES (1)`,
    streams: ['a', 'b'],
    rounds: [
      {
        write: [
          'INSERT INTO a VALUES (2); TRUNCATE a, c, b; INSERT INTO a VALUES (3)',
          'INSERT INTO b VALUES (1)',
        ],
        read: ['+a 2', '+a 3', '+b 1'],
        warnings: [truncated('a'), truncated('b')],
      },
    ],
    folds: { a: 'SELECT * FROM generate_series(1, 3) AS a (id)' },
  },
  {
    name: 'CASCADE names every table',
    tables: `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a); INSERT INTO a VALUES (1)`,
    rounds: [
      {
        write: ['TRUNCATE a CASCADE', 'INSERT INTO a VALUES (2)'],
        read: ['+a 2'],
        warnings: [truncated('a'), truncated('b')],
      },
    ],
    folds: { a: null },
  },
  {
    name: 'of a partitioned table names what the log names',
    tables: `CREATE TABLE t (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (1), (2)`,
    streams: ['t'],
    rounds: [
      {
        write: ['TRUNCATE t', 'INSERT INTO t VALUES (2)'],
        read: ['+t 2'],
        warnings: [truncated('t_1'), truncated('t_2')],
      },
      {
        write: [
          'CREATE TABLE t_3 PARTITION OF t FOR VALUES IN (3); INSERT INTO t VALUES (3); TRUNCATE t_3',
        ],
        read: ['+t 3'],
        warnings: [truncated('t_3')],
      },
    ],
    folds: { t: null },
  },
  {
    name: 'that the publication leaves out is not seen',
    tables: `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)`,
    publication: "FOR TABLE a WITH (publish = 'insert, update, delete')",
    rounds: [{ write: ['TRUNCATE a', 'INSERT INTO a VALUES (2)'], read: ['+a 2'] }],
    folds: { a: null },
  },
]

describe('TRUNCATE in the log', () => testCases(TRUNCATES))
