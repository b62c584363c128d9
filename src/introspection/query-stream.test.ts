import { expect } from 'chai'
import { ConnectorError } from '../errors.ts'
import type { ResultField, SqlSession } from '../postgres/session/sql-session.ts'
import { asSubquery, buildQueryRelation, describeQuery, trimQuery } from './query-stream.ts'

/** A server that describes every statement alike, or refuses it. */
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

/** What `describeQuery` throws; a ConnectorError unless the error is not ours to explain. */
async function failureOf(answer: readonly ResultField[] | Error): Promise<Error> {
  try {
    await describeQuery(new FakeSession(answer), 'SELECT secret')
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('It was described')
}

describe('describeQuery', () => {
  it('asks for no row and cannot be swallowed by a comment', async () => {
    const session = new FakeSession(fields('a'))
    const columns = await describeQuery(session, 'SELECT a FROM t; -- all')
    expect(session.described).to.deep.equal([
      'SELECT * FROM (\nSELECT a FROM t\n) AS subquery LIMIT 0',
    ])
    expect(columns.map(({ name, isNullable }) => [name, isNullable])).to.deep.equal([['a', true]])
  })

  it('names columns that share a name, once each', async () => {
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

  it('leaves other errors to whoever classifies them', async () => {
    const cause = Object.assign(new Error('gone'), { code: '57P01' })
    expect(await failureOf(cause)).to.equal(cause)
  })
})

describe('asSubquery', () => {
  it('puts the closing parenthesis on a line of its own', () => {
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

  it('takes time in proportion to the length', () => {
    const literal = `SELECT '${"''".repeat(50_000)}${'x'.repeat(50_000)}'`
    expect(trimQuery(`${literal} ; ${'/* '.repeat(100_000)}`)).to.equal(literal)
  })
})
