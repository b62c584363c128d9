import { type CdcCase, testCases } from './cdc-case.ts'

/** Leaves below a partitioned partition, one of them with another column order. */
const NESTED = `
CREATE TABLE t (id int, n int, PRIMARY KEY (id)) PARTITION BY LIST (id);
CREATE TABLE middle PARTITION OF t FOR VALUES IN (1, 2, 10) PARTITION BY LIST (id);
CREATE TABLE leaf_1 PARTITION OF middle FOR VALUES IN (1, 10);
CREATE TABLE leaf_2 (n int, id int PRIMARY KEY); ALTER TABLE middle ATTACH PARTITION leaf_2 FOR VALUES IN (2);
CREATE TABLE leaf_3 PARTITION OF t FOR VALUES IN (3, 30);
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);`
const VIA_ROOT = 'FOR ALL TABLES WITH (publish_via_partition_root = true)'

const MOVES = [
  'UPDATE t SET n = n + 10',
  'UPDATE t SET id = 10 WHERE id = 1',
  'UPDATE t SET id = 30 WHERE id = 2',
  'DELETE FROM t WHERE id = 3',
]
const MOVED = [
  '+t 1 11',
  '+t 2 12',
  '+t 3 13',
  '-t 1 null',
  '+t 10 11',
  '-t 2 null',
  '+t 30 12',
  '-t 3 null',
]

const SELECTIONS: readonly CdcCase[] = [
  {
    name: 'the root of nested ones',
    tables: NESTED,
    streams: ['t'],
    rounds: [{ write: MOVES, read: MOVED }],
  },
  {
    name: 'the root of nested ones, published as such',
    majors: [13, 99],
    tables: NESTED,
    publication: VIA_ROOT,
    streams: ['t'],
    rounds: [{ write: MOVES, read: MOVED }],
  },
  {
    name: 'a partitioned partition and a leaf beside it',
    tables: NESTED,
    streams: ['middle', 'leaf_3'],
    rounds: [
      {
        write: MOVES,
        read: [
          '+middle 1 11',
          '+middle 2 12',
          '+leaf_3 3 13',
          '-middle 1 null',
          '+middle 10 11',
          '-middle 2 null',
          '+leaf_3 30 12',
          '-leaf_3 3 null',
        ],
      },
    ],
  },
  {
    name: 'the root and its leaves together: a change is one of each',
    tables: NESTED,
    streams: ['t', 'leaf_1'],
    rounds: [{ write: ['UPDATE t SET n = 7 WHERE id = 1'], read: ['+leaf_1 1 7', '+t 1 7'] }],
  },
  {
    name: 'a partitioned partition that is published as such, below a root that is not published',
    majors: [13, 99],
    tables: NESTED,
    publication: 'FOR TABLE middle WITH (publish_via_partition_root = true)',
    streams: ['middle'],
    rounds: [
      {
        write: MOVES,
        read: ['+middle 1 11', '+middle 2 12', '-middle 1 null', '+middle 10 11', '-middle 2 null'],
      },
    ],
  },
  {
    name: 'rows with long values that move',
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int, body text) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1, 10);
      CREATE TABLE t_2 (body text, id int PRIMARY KEY, n int); ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES IN (2); INSERT INTO t VALUES (1, 1, long('b'))`,
    streams: ['t'],
    rounds: [
      {
        write: ['UPDATE t SET n = 2', 'UPDATE t SET id = 2', 'UPDATE t SET n = 3'],
        read: ['+t 1 2 ?', '-t 1 null null', '+t 2 2 b…', '+t 2 3 b…'],
      },
    ],
  },
  {
    name: 'leaves with replica identities of their own',
    tables: `CREATE TABLE t (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
      CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2); ALTER TABLE t_1 REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 1)`,
    streams: ['t'],
    rounds: [
      {
        write: [
          'UPDATE t SET n = 2',
          'UPDATE t SET id = 2',
          'UPDATE t SET id = 1',
          'DELETE FROM t',
        ],
        read: ['+t 1 2', '-t 1 2', '+t 2 2', '-t 2 null', '+t 1 2', '-t 1 2'],
      },
    ],
  },
]

const CHANGED: readonly CdcCase[] = [
  {
    name: 'published by the leaves, then by the root',
    majors: [13, 99],
    tables: NESTED,
    publication: 'FOR TABLE t',
    streams: ['t'],
    rounds: [
      {
        write: [
          'UPDATE t SET n = 7 WHERE id = 1',
          'ALTER PUBLICATION p SET (publish_via_partition_root = true)',
          'UPDATE t SET n = 8 WHERE id = 2',
        ],
        read: ['+t 1 7', '+t 2 8'],
      },
      {
        write: [
          'UPDATE t SET n = 9 WHERE id = 1',
          'ALTER PUBLICATION p SET (publish_via_partition_root = false)',
          'UPDATE t SET n = 9 WHERE id = 2',
        ],
        read: ['+t 1 9', '+t 2 9'],
      },
    ],
  },
  {
    name: 'a partition that is created, filled and dropped while changes wait',
    tables: NESTED,
    streams: ['t'],
    rounds: [
      {
        write: [
          'CREATE TABLE leaf_4 PARTITION OF t FOR VALUES IN (4); INSERT INTO t VALUES (4, 4)',
          'DELETE FROM t WHERE id = 4',
          'DROP TABLE leaf_4',
          'INSERT INTO t VALUES (30, 3)',
        ],
        read: ['+t 30 3'],
      },
    ],
  },
  {
    name: 'a partition whose changes wait when it is detached, published by the root',
    majors: [13, 99],
    tables: NESTED,
    publication: VIA_ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [
          'UPDATE t SET id = 30 WHERE id = 2; UPDATE t SET n = 7 WHERE id = 1',
          'ALTER TABLE middle DETACH PARTITION leaf_2',
          'INSERT INTO leaf_2 (id, n) VALUES (2, 99)',
        ],
        read: ['-t 2 null', '+t 30 2', '+t 1 7'],
      },
    ],
  },
  {
    name: 'a partition that is detached, changed and attached again',
    tables: NESTED,
    streams: ['t'],
    rounds: [
      {
        write: [
          'ALTER TABLE t DETACH PARTITION leaf_3',
          'UPDATE leaf_3 SET n = 5; INSERT INTO leaf_3 VALUES (30, 30)',
          'ALTER TABLE t ATTACH PARTITION leaf_3 FOR VALUES IN (3, 30)',
          'UPDATE t SET n = 6 WHERE id = 3',
        ],
        read: ['+t 3 5', '+t 30 30', '+t 3 6'],
      },
    ],
  },
  {
    name: 'a partition that is detached, changed and attached again, published by the root',
    majors: [13, 99],
    tables: NESTED,
    publication: VIA_ROOT,
    streams: ['t'],
    rounds: [
      {
        write: [
          'ALTER TABLE t DETACH PARTITION leaf_3',
          'UPDATE leaf_3 SET n = 5; INSERT INTO leaf_3 VALUES (30, 30)',
          'ALTER TABLE t ATTACH PARTITION leaf_3 FOR VALUES IN (3, 30)',
          'UPDATE t SET n = 6 WHERE id = 3',
        ],
        read: ['+t 3 5', '+t 30 30', '+t 3 6'],
      },
    ],
  },
  {
    name: 'a partitioned table that is attached with its leaves',
    tables: NESTED,
    streams: ['t'],
    rounds: [
      {
        write: [
          'CREATE TABLE other (n int, id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE leaf_5 PARTITION OF other FOR VALUES IN (5)',
          'INSERT INTO other VALUES (5, 5)',
          'ALTER TABLE t ATTACH PARTITION other FOR VALUES IN (5)',
          'UPDATE t SET n = 6 WHERE id = 5; UPDATE t SET id = 30 WHERE id = 5',
        ],
        read: ['+t 5 5', '+t 5 6', '-t 5 null', '+t 30 6'],
      },
    ],
  },
  {
    name: 'a leaf that is renamed while changes wait',
    tables: NESTED,
    streams: ['t'],
    rounds: [
      {
        write: [
          'UPDATE t SET n = 5 WHERE id = 3',
          'ALTER TABLE leaf_3 RENAME TO leaf_x',
          'UPDATE t SET n = 6 WHERE id = 3',
        ],
        read: ['+t 3 5', '+t 3 6'],
      },
    ],
  },
  {
    name: 'a leaf that is selected, and detached between two syncs',
    tables: NESTED,
    streams: ['leaf_3'],
    rounds: [
      {
        write: [
          'UPDATE t SET n = 5 WHERE id = 3',
          'ALTER TABLE t DETACH PARTITION leaf_3',
          'UPDATE leaf_3 SET n = 6',
        ],
        read: ['+leaf_3 3 5', '+leaf_3 3 6'],
      },
    ],
  },
]

describe('the selected parts of a partitioned table', () => testCases(SELECTIONS))
describe('a partitioned table that is altered', () => testCases(CHANGED))
