import { expect } from 'chai'
import { withConnector } from '../../helpers/connector.ts'
import { CdcDatabase } from '../cdc/cdc-database.ts'
import { type CdcCase, testCases } from './cdc-case.ts'

const TABLE = `CREATE TABLE t (id int PRIMARY KEY, n int, secret text); INSERT INTO t VALUES (1, 1, 's1'), (2, 2, 's2');`
const WRITE = [
  "INSERT INTO t VALUES (3, 3, 's3')",
  'UPDATE t SET n = 5 WHERE id = 2',
  'DELETE FROM t WHERE id = 1',
]
const PARTED = `CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
  CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (1, 1);`

/** The config has publication p. */
const CASES: readonly CdcCase[] = [
  {
    name: 'operations: those that p leaves out are not read',
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t`,
    publication: "FOR TABLE t WITH (publish = 'insert')",
    rounds: [{ write: WRITE, read: ['+t 3 3 s3'] }],
    folds: { t: null },
  },
  {
    name: 'operations: those that only the other one leaves out are read',
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t WITH (publish = 'insert')`,
    publication: 'FOR TABLE t',
    rounds: [{ write: WRITE, read: ['+t 3 3 s3', '+t 2 5 s2', '-t 1 null null'] }],
  },
  {
    name: 'tables: one that only the other one has is not offered',
    tables: `${TABLE} CREATE TABLE u (id int PRIMARY KEY); CREATE PUBLICATION other FOR TABLE u; CREATE PUBLICATION every FOR ALL TABLES`,
    publication: 'FOR TABLE t',
    loaded: ['+t 1 1 s1', '+t 2 2 s2'],
    rounds: [
      {
        write: ['INSERT INTO u VALUES (1)', 'DELETE FROM t WHERE id = 1'],
        read: ['-t 1 null null'],
      },
    ],
  },
  {
    name: 'row filters: that of the other one does not count',
    majors: [15, 99],
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t WHERE (id > 10); CREATE PUBLICATION every FOR ALL TABLES`,
    publication: 'FOR TABLE t WHERE (id > 1)',
    loaded: ['+t 2 2 s2'],
    rounds: [{ write: WRITE, read: ['+t 3 3 s3', '+t 2 5 s2'] }],
    folds: { t: 'SELECT * FROM t WHERE id > 1' },
  },
  {
    name: 'row filters: p has none',
    majors: [15, 99],
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t WHERE (id > 10)`,
    publication: 'FOR TABLE t',
    loaded: ['+t 1 1 s1', '+t 2 2 s2'],
    rounds: [{ write: WRITE, read: ['+t 3 3 s3', '+t 2 5 s2', '-t 1 null null'] }],
  },
  {
    name: 'column lists: that of the other one does not count, and does not disturb',
    majors: [15, 99],
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t (id, secret); CREATE PUBLICATION every FOR ALL TABLES`,
    publication: 'FOR TABLE t (id, n)',
    loaded: ['+t 1 1', '+t 2 2'],
    rounds: [{ write: WRITE, read: ['+t 3 3', '+t 2 5', '-t 1 null'] }],
  },
  {
    name: 'partitions: p publishes the leaves, the other one the root',
    majors: [13, 99],
    tables: `${PARTED} CREATE PUBLICATION other FOR TABLE t WITH (publish_via_partition_root = true)`,
    publication: 'FOR TABLE t',
    streams: ['t', 't_1', 't_2'],
    rounds: [
      { write: ['UPDATE t SET id = 2'], read: ['-t 1 null', '-t_1 1 null', '+t 2 1', '+t_2 2 1'] },
    ],
  },
  {
    name: 'partitions: p publishes the root, the other one the leaves',
    majors: [13, 99],
    tables: `${PARTED} CREATE PUBLICATION other FOR TABLE t_1, t_2`,
    publication: 'FOR TABLE t WITH (publish_via_partition_root = true)',
    rounds: [{ write: ['UPDATE t SET id = 2'], read: ['-t 1 null', '+t 2 1'] }],
  },
  {
    name: 'a table is taken out of the other one, and the other one is dropped',
    tables: `${TABLE} CREATE PUBLICATION other FOR TABLE t; CREATE PUBLICATION third FOR ALL TABLES`,
    publication: 'FOR TABLE t',
    rounds: [
      {
        write: [
          'ALTER PUBLICATION other DROP TABLE t',
          "INSERT INTO t VALUES (3, 3, 's3')",
          'DROP PUBLICATION other, third',
          'DELETE FROM t WHERE id = 1',
        ],
        read: ['+t 3 3 s3', '-t 1 null null'],
      },
    ],
  },
]

describe('a table in several publications: only the one of the config counts', () => {
  testCases(CASES)

  it('a config names one publication, also with a comma in its name', async () => {
    await using cdc = await CdcDatabase.create(`${TABLE} CREATE PUBLICATION other FOR TABLE t`)
    await using connector = await withConnector(cdc.config({ publication: 'p, other' }))
    const { connectionStatus } = await connector.check()
    expect(connectionStatus?.message).to.include('Publication "p, other" does not exist.')
  })
})
