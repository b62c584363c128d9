import { expect } from 'chai'
import { asSubquery, describeQuery } from '../../src/introspection/query-stream.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { Database } from '../../src/postgres/session/database.ts'
import { ReadTransaction } from '../../src/postgres/session/read-transaction.ts'
import { ByteBuffer } from '../../src/bytes/byte-buffer.ts'
import { RecordEncoder } from '../../src/writers/records/record-encoder.ts'
import { ident } from '../../src/sql.ts'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { copyAll } from './transaction.ts'

/** Rows for types that only the server itself uses: statistics, rules, defaults, missing values. */
const SETUP = `
  CREATE TABLE t (a int DEFAULT 1, b text, c numeric[], d "char", CHECK (a > 0));
  INSERT INTO t SELECT x % 7 + 1, x % 7, ARRAY[x % 3, NULL], 'c' FROM generate_series(1, 2000) AS x;
  ALTER TABLE t ADD COLUMN e int[] DEFAULT '{1,2}';
  CREATE STATISTICS s (ndistinct, dependencies, mcv) ON a, b FROM t;
  CREATE INDEX ON t (a) WHERE a > 1; CREATE INDEX ON t ((b || 'x'));
  CREATE VIEW v AS SELECT a, b FROM t; CREATE PUBLICATION p FOR ALL TABLES;
  CREATE FUNCTION f(a int DEFAULT 1, OUT b text) LANGUAGE sql AS 'SELECT ''x''';
  ANALYZE t`

async function systemRelations(db: TestDatabase): Promise<string[]> {
  const rows = await db.sql(`
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
    ORDER BY 1, 2`)
  return rows.map(({ nspname, relname }) => ident(nspname ?? '', relname ?? ''))
}

describe('every relation of pg_catalog and information_schema', () => {
  let db: TestDatabase

  before(async () => {
    db = await TestDatabase.create()
    await db.sql(SETUP)
  })

  after(async () => {
    await db[Symbol.asyncDispose]()
  })

  it('can be read as a query, with valid JSON lines', async () => {
    const relations = await systemRelations(db)
    const failures: string[] = []
    let rows = 0
    await using database = await Database.connect(parseConfig(db.config()).config)
    for (const relation of relations) {
      const query = `SELECT * FROM ${relation}`
      try {
        rows += await readQuery(database, query)
      } catch (error) {
        if (await isReadable(db, query)) failures.push(`${relation}: ${String(error)}`)
      }
    }
    expect(failures).to.deep.equal([])
    expect(relations.length).to.be.greaterThan(180)
    expect(rows).to.be.greaterThan(10_000)
  })

  for (const relation of [
    'pg_type',
    'pg_statistic',
    'pg_statistic_ext_data',
    'pg_stats',
    'information_schema.columns',
  ]) {
    it(`${relation} can be read by the command`, async () => {
      await using connector = await withConnector(db.config({ query: `SELECT * FROM ${relation}` }))
      const { errors, records, code } = await connector.read()
      expect(errors).to.deep.equal([])
      expect(code).to.equal(0)
      expect(records.length).to.be.greaterThan(0)
    })
  }
})

/** Whether SQL can read it: some views need optional libraries such as libnuma. */
async function isReadable(db: TestDatabase, query: string): Promise<boolean> {
  return await db.sql(query).then(
    () => true,
    () => false,
  )
}

/** Number of records that the query returns when it is read like by the command. */
async function readQuery(database: Database, query: string): Promise<number> {
  await using transaction = await ReadTransaction.begin(database)
  const columns = await describeQuery(transaction, query)
  const out = new ByteBuffer(65_536)
  const descriptor = { namespace: 'public', name: 'query' }
  const encoder = new RecordEncoder(out, descriptor, columns, { emittedAtMs: 0 })
  const list = columns.map(({ select }) => select).join(', ')
  await copyAll(transaction, [`SELECT ${list} FROM ${asSubquery(query)}`], encoder)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(out.bytes.subarray(0, out.length))
  const lines = text.split('\n').slice(0, -1)
  for (const line of lines) JSON.parse(line)
  expect(lines.length).to.equal(encoder.rows)
  return lines.length
}
