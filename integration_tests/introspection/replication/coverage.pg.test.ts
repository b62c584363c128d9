import { expect } from 'chai'
import { coverageOf } from '../../../src/introspection/replication/coverage.ts'
import type { LogCoverage } from '../../../src/introspection/relation.ts'
import { readMembers } from '../../../src/introspection/replication/members.ts'
import { readPublication } from '../../../src/introspection/replication/publication.ts'
import { requestedMajor } from '../../helpers/binaries.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { readRelations } from '../catalog-queries.ts'
import { CatalogSession } from '../catalog-session.ts'

const major = requestedMajor()
const ROOTS = `
CREATE TABLE t (id int PRIMARY KEY, a int) PARTITION BY LIST (id);
CREATE TABLE middle PARTITION OF t FOR VALUES IN (1, 2) PARTITION BY LIST (id);
CREATE TABLE leaf_1 PARTITION OF middle FOR VALUES IN (1);
CREATE TABLE leaf_2 PARTITION OF middle FOR VALUES IN (2);
CREATE TABLE leaf_3 PARTITION OF t FOR VALUES IN (3);`

interface Row {
  readonly name: string
  readonly sql: string
  /** Default: `t`. */
  readonly table?: string
  /** Text of the refusal; absent: none. */
  readonly refusal?: string
  /** Default: `id`. */
  readonly key?: string
  /** Default: all columns of the table. */
  readonly columns?: readonly string[]
  readonly filter?: string
  /** Default: the table. */
  readonly sources?: readonly string[]
  /** First major version that supports it. */
  readonly since?: number
}

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, a int);'
const PUBLISH = 'CREATE PUBLICATION p FOR TABLE t;'
const KEYLESS = 'CREATE TABLE t (id int NOT NULL, a int);'
const LEAVES = major < 13 ? 'leaf_1, leaf_2, leaf_3' : 't'
const VIA_ROOT = 'WITH (publish_via_partition_root = true)'

const ROWS: readonly Row[] = [
  { name: 'a table', sql: TABLE + PUBLISH },
  { name: 'a table of all tables', sql: `${TABLE} CREATE PUBLICATION p FOR ALL TABLES` },
  {
    name: 'a table of a schema',
    sql: `${TABLE} CREATE PUBLICATION p FOR TABLES IN SCHEMA public`,
    since: 15,
  },
  { name: 'no publication', sql: TABLE, refusal: 'publication "p" does not exist', sources: [] },
  {
    name: 'a table that is not published',
    sql: `${TABLE} CREATE PUBLICATION p`,
    refusal:
      'publication "p" does not publish it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."t";',
    sources: [],
  },
  {
    name: 'a view',
    sql: 'CREATE VIEW t AS SELECT 1 AS id, 2 AS a; CREATE PUBLICATION p',
    refusal: 'only tables have changes in the log',
    key: '',
    sources: [],
  },
  {
    name: 'an unlogged table',
    sql: 'CREATE UNLOGGED TABLE t (id int PRIMARY KEY, a int); CREATE PUBLICATION p FOR ALL TABLES',
    refusal: 'table "public"."t" is unlogged. Run: ALTER TABLE "public"."t" SET LOGGED;',
    sources: [],
  },
  {
    name: 'a table without a key',
    sql: KEYLESS + PUBLISH,
    refusal:
      'it has no primary key. Run: ALTER TABLE "public"."t" ADD PRIMARY KEY (…); or ALTER TABLE "public"."t" REPLICA IDENTITY USING INDEX …;',
    key: '',
  },
  {
    name: 'a table without a key, FULL',
    sql: `${KEYLESS} ALTER TABLE t REPLICA IDENTITY FULL; ${PUBLISH}`,
    refusal:
      'it has no primary key. Run: ALTER TABLE "public"."t" ADD PRIMARY KEY (…); or ALTER TABLE "public"."t" REPLICA IDENTITY USING INDEX …;',
    key: '',
  },
  { name: 'FULL', sql: `${TABLE} ALTER TABLE t REPLICA IDENTITY FULL; ${PUBLISH}` },
  {
    name: 'NOTHING',
    sql: `${TABLE} ALTER TABLE t REPLICA IDENTITY NOTHING; ${PUBLISH}`,
    refusal:
      'the replica identity of "public"."t" is NOTHING. Run: ALTER TABLE "public"."t" REPLICA IDENTITY FULL;',
  },
  {
    name: 'a deferrable key',
    sql: `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, a int); ${PUBLISH}`,
    refusal:
      'the replica identity of "public"."t" is DEFAULT, without a primary key that is not deferrable. Run: CREATE UNIQUE INDEX "t_identity" ON "public"."t" ("id"); ALTER TABLE "public"."t" REPLICA IDENTITY USING INDEX "t_identity";',
  },
  {
    name: 'an identity index instead of a key',
    sql: `${KEYLESS} CREATE UNIQUE INDEX i ON t (id); ALTER TABLE t REPLICA IDENTITY USING INDEX i; ${PUBLISH}`,
  },
  {
    name: 'an identity index beside the key: the log shows only its columns of a deleted row',
    sql: `CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL UNIQUE); ALTER TABLE t REPLICA IDENTITY USING INDEX t_a_key; ${PUBLISH}`,
    key: 'a',
  },
  {
    name: 'a generated column',
    sql: `CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (id) STORED); ${PUBLISH}`,
    columns: ['id', 'a'],
  },
  {
    name: 'a generated column that is published',
    sql: `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id) STORED);
          CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored)`,
    columns: ['id', 'g'],
    since: 18,
  },
  {
    name: 'a column list',
    sql: `CREATE TABLE t (id int PRIMARY KEY, a int, "B c" int); CREATE PUBLICATION p FOR TABLE t (id, "B c")`,
    columns: ['id', 'B c'],
    since: 15,
  },
  {
    name: 'a column list without the key, FULL',
    sql: `CREATE TABLE t (id int PRIMARY KEY, a int); ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE t (a)`,
    refusal: 'its key column "id" is not published. Add it to the column list of the publication.',
    columns: ['a'],
    since: 15,
  },
  {
    name: 'a row filter',
    sql: `${TABLE} CREATE PUBLICATION p FOR TABLE t WHERE (id > 5)`,
    filter: '((id > 5))',
    since: 15,
  },
  {
    name: 'the root of published leaves',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE ${LEAVES}`,
    sources: ['leaf_1', 'leaf_2', 'leaf_3'],
  },
  {
    name: 'the root, by its name',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE t ${VIA_ROOT}`,
    since: 13,
  },
  {
    name: 'a leaf, by its name',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE ${LEAVES}`,
    table: 'leaf_1',
  },
  {
    name: 'a partitioned partition',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE ${LEAVES}`,
    table: 'middle',
    sources: ['leaf_1', 'leaf_2'],
  },
  {
    name: 'a leaf that is shown as its root',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE t ${VIA_ROOT}`,
    table: 'leaf_1',
    refusal:
      'publication "p" shows its changes as those of the partitioned table above it. Select that one, or run: ALTER PUBLICATION "p" SET (publish_via_partition_root = false);',
    sources: [],
    since: 13,
  },
  {
    name: 'a root that has leaves which are not published',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE leaf_1, leaf_3`,
    refusal: `publication "p" does not publish all partitions of it. Run: ALTER PUBLICATION "p" ADD TABLE "public"."${major < 13 ? 'leaf_2' : 't'}";`,
    sources: ['leaf_1', 'leaf_3'],
  },
  {
    name: 'a root with a leaf that does not identify its rows',
    sql: `${ROOTS} ALTER TABLE leaf_3 REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR ALL TABLES`,
    refusal:
      'the replica identity of "public"."leaf_3" is NOTHING. Run: ALTER TABLE "public"."leaf_3" REPLICA IDENTITY FULL;',
    sources: ['leaf_1', 'leaf_2', 'leaf_3'],
  },
  {
    name: 'leaves with filters of their own',
    sql: `${ROOTS} CREATE PUBLICATION p FOR TABLE leaf_1 WHERE (id > 5), leaf_2`,
    table: 'middle',
    filter: '(tableoid = <leaf_1> AND ((id > 5))) OR (tableoid = <leaf_2> AND (true))',
    sources: ['leaf_1', 'leaf_2'],
    since: 15,
  },
]

describe('coverageOf', () => {
  for (const row of ROWS.filter(({ since = 12 }) => since <= major)) {
    it(`${row.name}: ${row.refusal ?? 'changes are read from the log'}`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(row.sql)
      const { coverage, names, columns } = await read(db, row.table ?? 't')
      const filter = coverage.filter?.replaceAll(
        /(\d+)::pg_catalog\.oid/g,
        (_, oid) => `<${names.get(Number(oid))}>`,
      )
      expect({
        ...coverage,
        filter,
        sources: coverage.sources.map((oid) => names.get(oid)),
      }).to.deep.equal({
        refusal: row.refusal ?? null,
        key: (row.key ?? 'id').split(',').filter(Boolean),
        columns: row.columns ?? (row.sources?.length === 0 ? coverage.columns : columns),
        filter: row.filter,
        sources: row.sources ?? [row.table ?? 't'],
      })
    })
  }
})

async function read(
  db: TestDatabase,
  table: string,
): Promise<{
  coverage: LogCoverage
  names: ReadonlyMap<number, string>
  columns: readonly string[]
}> {
  await using session = await CatalogSession.open(db)
  await session.query('BEGIN')
  const scope = { schemas: ['public'], table: null, checkPrivileges: true }
  const relations = await readRelations(session, scope)
  const relation = relations.find(({ name }) => name === table)!
  const publication = await readPublication(session, 'p')
  const members = (await readMembers(session, [relation.oid])).get(relation.oid) ?? []
  return {
    coverage: coverageOf(relation, { name: 'p', publication }, members),
    names: new Map(relations.map(({ oid, name }) => [oid, name])),
    columns: relation.columns.map(({ name }) => name),
  }
}
