import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import type { ResultField, SqlSession } from '../postgres/session/sql-session.ts'
import { asSubquery, buildQueryRelation, describeQuery, trimQuery } from './query-stream.ts'

/** A session that describes every statement in the same way, or rejects it. */
class FakeSession implements SqlSession {
  readonly described: string[] = []
  readonly #answer: readonly ResultField[] | Error

  constructor(answer: readonly ResultField[] | Error) {
    this.#answer = answer
  }

  async query<Row>(): Promise<readonly Row[]> {
    return await Promise.resolve([])
  }

  async describe(sql: string): Promise<readonly ResultField[]> {
    this.described.push(sql)
    if (this.#answer instanceof Error) throw this.#answer
    return await Promise.resolve(this.#answer)
  }
}

function fields(...names: readonly string[]): ResultField[] {
  return names.map((name) => ({ name, typeOid: 25, typmod: -1 }))
}

/**
 * Returns the error of `describeQuery`: a ConnectorError, or another error without an explanation.
 */
async function failureOf(answer: readonly ResultField[] | Error): Promise<Error> {
  try {
    await describeQuery(new FakeSession(answer), 'SELECT secret')
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('It was described')
}

describe('describeQuery', () => {
  it('requests no rows, and a comment in the query cannot hide the end of the statement', async () => {
    const session = new FakeSession(fields('a'))
    const columns = await describeQuery(session, 'SELECT a FROM t; -- all')
    expect(session.described).to.deep.equal([
      'SELECT * FROM (\nSELECT a FROM t\n) AS subquery LIMIT 0',
    ])
    expect(columns.map(({ name, isNullable }) => [name, isNullable])).to.deep.equal([['a', true]])
  })

  it('reports each duplicate column name once', async () => {
    const error = await failureOf(fields('a', 'b', 'a', 'c', 'b', 'a'))
    expect(error).to.be.instanceOf(ConnectorError).and.include({ failureType: 'config_error' })
    expect(error.message).to.include("'a', 'b'. Name each with AS.")
  })

  for (const code of ['42601', '0A000', '25006']) {
    it(`SQLSTATE ${code} → not a single SELECT, without the SQL`, async () => {
      const error = await failureOf(Object.assign(new Error('near "secret"'), { code }))
      expect(error).to.be.instanceOf(ConnectorError).and.include({ failureType: 'config_error' })
      expect(error.message).to.match(/^The 'query' parameter is not a single SELECT/)
      expect(error.message).not.to.include('secret')
    })
  }

  it('does not convert other errors', async () => {
    const cause = Object.assign(new Error('gone'), { code: '57P01' })
    expect(await failureOf(cause)).to.equal(cause)
  })
})

describe('asSubquery', () => {
  it('puts the closing parenthesis on its own line', () => {
    expect(asSubquery('SELECT 1;')).to.equal('(\nSELECT 1\n) AS subquery')
  })
})

describe('buildQueryRelation', () => {
  it('is like a view without an oid', () => {
    const relation = buildQueryRelation('sales', [])
    expect(relation).to.include({ oid: 0, schema: 'sales', name: 'query', kind: 'v' })
    expect(relation.hasSystemColumns).to.equal(false)
  })
})

describe('trimQuery', () => {
  for (const [query, expected] of [
    ['SELECT 1', 'SELECT 1'],
    ['SELECT 1;', 'SELECT 1'],
    ['SELECT 1 ; ;\n', 'SELECT 1'],
    ['SELECT 1 -- one;', 'SELECT 1'],
    ['SELECT 1; -- one', 'SELECT 1'],
    ['SELECT 1 /* a /* nested */ ; */ ; ', 'SELECT 1'],
    ['SELECT 1 /* not closed;', 'SELECT 1'],
    ["SELECT ';--'", "SELECT ';--'"],
    ["SELECT 'it''s;' ;", "SELECT 'it''s;'"],
    ["SELECT E'\\';' ;", "SELECT E'\\';'"],
    ["SELECT date'2020-01-01\\' ;", "SELECT date'2020-01-01\\'"],
    ['SELECT ";" ;', 'SELECT ";"'],
    ['SELECT "a""--" --', 'SELECT "a""--"'],
    ['SELECT $$;--$$;', 'SELECT $$;--$$'],
    ['SELECT $a$ $$ ; $b$ $a$ ;', 'SELECT $a$ $$ ; $b$ $a$'],
    ['SELECT a$b ; --$b', 'SELECT a$b'],
    ['SELECT 1; SELECT 2;', 'SELECT 1; SELECT 2'],
    ['SELECT 1 - -1;', 'SELECT 1 - -1'],
    ['/* why */ SELECT 1', '/* why */ SELECT 1'],
    ['SELECT 😀 ;', 'SELECT 😀'],
    [' ; -- nothing', ''],
    ['', ''],
  ] as const) {
    it(`${JSON.stringify(query)} → ${JSON.stringify(expected)}`, () => {
      expect(trimQuery(query)).to.equal(expected)
    })
  }

  it('runs in linear time', () => {
    const literal = `SELECT '${"''".repeat(50_000)}${'x'.repeat(50_000)}'`
    expect(trimQuery(`${literal} ; ${'/* '.repeat(100_000)}`)).to.equal(literal)
  })
})
