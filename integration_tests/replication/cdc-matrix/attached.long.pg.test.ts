import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY LIST (id);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1, 10); INSERT INTO t VALUES (1, 1);`
const ROOT = 'FOR TABLE t WITH (publish_via_partition_root = true)'
const NEW = 'CREATE TABLE t_2 (n int, id int PRIMARY KEY)'
const ATTACH = 'ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES IN (2, 20)'

const attached = (name: string): string =>
  `Stream 'public.t': partition "public"."${name}" had rows when it was attached, which are not in the log. Refresh the stream to read them.`

/** Before PostgreSQL 15, the server leaves out the row that is inserted after the attachment. */
const WITH_ROWS: readonly CdcCase[] = [
  {
    name: 'that was filled while it was not published: a WARN, once',
    majors: [15, 99],
    tables: TABLE,
    publication: ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [NEW, 'INSERT INTO t_2 VALUES (2, 2)', ATTACH, 'INSERT INTO t VALUES (20, 20)'],
        read: ['+t 20 20'],
        warnings: [attached('t_2')],
      },
      { write: ['UPDATE t SET n = 3 WHERE id = 2'], read: ['+t 2 3'] },
    ],
  },
  {
    name: 'that was created and filled in the same transaction',
    majors: [15, 99],
    tables: TABLE,
    publication: 'FOR TABLE t',
    streams: ['t'],
    rounds: [
      {
        write: [`${NEW}; INSERT INTO t_2 VALUES (2, 2); ${ATTACH}; INSERT INTO t VALUES (20, 20)`],
        read: ['+t 20 20'],
        warnings: [attached('t_2')],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id <> 2' },
  },
  {
    name: 'that was published as a table of its own, and filled before the last sync',
    tables: `${TABLE} ${NEW}; INSERT INTO t_2 VALUES (2, 2)`,
    streams: ['t'],
    rounds: [
      {
        write: ['INSERT INTO t_2 VALUES (20, 20)', ATTACH],
        read: ['+t 20 20'],
        warnings: [attached('t_2')],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id <> 2' },
  },
  {
    name: 'that is partitioned itself',
    majors: [13, 99],
    tables: TABLE,
    publication: ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [
          'CREATE TABLE t_2 (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE t_2_1 PARTITION OF t_2 FOR VALUES IN (2)',
          'INSERT INTO t_2 VALUES (2, 2)',
          ATTACH,
        ],
        read: [],
        warnings: [attached('t_2')],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id <> 2' },
  },
  {
    name: 'whose attachment was not committed when the last sync ran',
    majors: [13, 99],
    tables: `${TABLE} ${NEW}; INSERT INTO t_2 VALUES (2, 2)`,
    publication: ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [`${ATTACH}; PREPARE TRANSACTION 'of_attached'`, 'UPDATE t_1 SET n = 5'],
        read: ['+t 1 5'],
      },
      {
        write: ["COMMIT PREPARED 'of_attached'"],
        read: [],
        warnings: [attached('t_2')],
      },
    ],
    folds: { t: 'SELECT * FROM t WHERE id <> 2' },
  },
]

const WITHOUT: readonly CdcCase[] = [
  {
    name: 'an empty table, which is filled then',
    majors: [13, 99],
    tables: TABLE,
    publication: ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [NEW, ATTACH, 'INSERT INTO t VALUES (2, 2), (20, 20)'],
        read: ['+t 2 2', '+t 20 20'],
      },
    ],
  },
  {
    name: 'one that is created and filled in one transaction',
    majors: [13, 99],
    tables: TABLE,
    publication: ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [
          'CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2, 20); INSERT INTO t VALUES (2, 2); UPDATE t SET n = 3 WHERE id = 2',
        ],
        read: ['+t 2 2', '+t 2 3'],
      },
    ],
  },
  {
    name: 'one that was published as a table of its own, and filled since the last sync',
    tables: `${TABLE} ${NEW}`,
    streams: ['t'],
    rounds: [{ write: ['INSERT INTO t_2 VALUES (2, 2)', ATTACH], read: ['+t 2 2'] }],
  },
]

describe('a partition that is attached with rows, which are not in the log', () =>
  testCases(WITH_ROWS))
describe('a partition whose rows are all in the log: no WARN', () => testCases(WITHOUT))
