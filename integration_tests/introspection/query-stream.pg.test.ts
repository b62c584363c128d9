import { expect } from 'chai'
import { describeQuery } from '../../src/introspection/query-stream.ts'
import { ConnectorError } from '../../src/errors.ts'
import type { SqlSession } from '../../src/postgres/session/sql-session.ts'
import { TestDatabase } from '../helpers/database.ts'
import { CatalogSession } from './catalog-session.ts'

const SETUP = `CREATE TABLE t (id int, price numeric(9,2), tags text[], "At" timestamptz);
               INSERT INTO t VALUES (1, 2.5, '{a}', now())`

async function failureOf(session: SqlSession, query: string): Promise<ConnectorError> {
  try {
    await describeQuery(session, query)
  } catch (error) {
    if (error instanceof ConnectorError) return error
    throw error
  }
  throw new Error('It was described')
}

describe('describeQuery', () => {
  it('returns the output columns in order, with their types', async () => {
    await using db = await TestDatabase.create()
    await db.sql(SETUP)
    await using session = await CatalogSession.open(db)
    const query = `SELECT o.*, count(*) OVER () AS n, o.id::text || ';' AS label FROM t AS o; -- end`
    const columns = await describeQuery(session, query)
    expect(columns.map((c) => [c.name, c.type.name, c.select])).to.deep.equal([
      ['id', 'int4', '"id"'],
      ['price', 'numeric', '"price"'],
      ['tags', '_text', '"tags"::pg_catalog.text'],
      ['At', 'timestamptz', '"At"'],
      ['n', 'int8', '"n"'],
      ['label', 'text', '"label"'],
    ])
    expect(session.queries).to.equal(2)
  })

  it('does not run the query', async () => {
    await using db = await TestDatabase.create()
    await using session = await CatalogSession.open(db)
    const columns = await describeQuery(session, 'SELECT pg_sleep(600), 1 AS a')
    expect(columns.map((c) => c.name)).to.deep.equal(['pg_sleep', 'a'])
  })

  for (const query of [
    'SELECT 1 AS a',
    '  SELECT 1 AS a ; ; ',
    'SELECT 1 AS a -- no line feed',
    'WITH x AS (SELECT 1 AS a) SELECT a FROM x;',
    '(SELECT 1 AS a) UNION ALL SELECT 2 ORDER BY 1 LIMIT 5',
    'VALUES (1)',
    'TABLE t',
  ]) {
    it(`accepts ${query}`, async () => {
      await using db = await TestDatabase.create()
      await db.sql('CREATE TABLE t (a int)')
      await using session = await CatalogSession.open(db)
      expect(await describeQuery(session, query)).to.have.length(1)
    })
  }

  for (const query of [
    '',
    'DELETE FROM t',
    'DELETE FROM t RETURNING id',
    'WITH d AS (DELETE FROM t RETURNING id) SELECT id FROM d',
    'SELECT id INTO x FROM t',
    'SELECT id FROM t; SELECT id FROM t',
    'SELECT id FROM t) AS x; DROP TABLE t; --',
    'SELECT id FROM t; COMMIT; DROP TABLE t',
    'SELECT id FROM t FOR UPDATE',
    'SELEC id FROM t',
    "SELECT 'not closed",
  ]) {
    it(`rejects ${query || 'an empty query'}`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(SETUP)
      await using session = await CatalogSession.open(db)
      const error = await failureOf(session, query)
      expect(error.failureType).to.equal('config_error')
      expect(error.message).to.match(/^The 'query' parameter is not a single SELECT/)
      expect(await db.sql('SELECT id FROM t')).to.have.length(1)
    })
  }

  for (const [query, reason] of [
    ['SELECT id FROM no_such_table', 'relation "no_such_table" does not exist (SQLSTATE 42P01)'],
    ['SELECT no_such_column FROM t', 'column "no_such_column" does not exist (SQLSTATE 42703)'],
  ] as const) {
    it(`reports ${query} as a mistake in the query, not as a change during the sync`, async () => {
      await using db = await TestDatabase.create()
      await db.sql(SETUP)
      await using session = await CatalogSession.open(db)
      const error = await failureOf(session, query)
      expect(error.failureType).to.equal('config_error')
      expect(error.message).to.equal(
        `The 'query' parameter cannot be read. The server reported: ${reason}. Correct the query.`,
      )
    })
  }

  it('reports a placeholder as a mistake in the query, not as a lost connection', async () => {
    await using db = await TestDatabase.create()
    await using session = await CatalogSession.open(db)
    const error = await failureOf(session, 'SELECT $1::int AS a')
    expect(error.failureType).to.equal('config_error')
    expect(error.message).to.include('placeholder such as $1')
  })

  it('reports duplicate column names', async () => {
    await using db = await TestDatabase.create()
    await using session = await CatalogSession.open(db)
    const error = await failureOf(session, 'SELECT 1 AS a, 2 AS a, 3, 4')
    expect(error.message).to.include("'a', '?column?'")
  })
})
