import { expect } from 'chai'
import type { Relation } from './relation.ts'
import { type DiscoveryScope, type Schema, findScopeProblems } from './scope.ts'

const SCOPE: DiscoveryScope = {
  database: 'shop',
  username: 'reader',
  schemas: ['public'],
  table: null,
  query: null,
}

function schema(name: string, relationCount = 0, hasUsage = true): Schema {
  return { name, hasUsage, relationCount }
}

function relation(schemaName: string, name: string): Relation {
  return {
    oid: 16384,
    schema: schemaName,
    name,
    kind: 'r',
    isPartition: false,
    columns: [],
    primaryKey: [],
    hasSystemColumns: true,
    hasXmin: true,
    estimatedRows: null,
    sizeBytes: 0,
  }
}

function problems(
  scope: Partial<DiscoveryScope>,
  schemas: readonly Schema[],
  relations: readonly Relation[] = [],
): string[] {
  const found = findScopeProblems({ ...SCOPE, ...scope }, schemas, relations)
  for (const problem of found) expect(problem.failureType).to.equal('config_error')
  return found.map((problem) => problem.message)
}

describe('findScopeProblems', () => {
  const orders = relation('public', 'orders')

  it('finds no problem if a relation can be read', () => {
    expect(problems({}, [schema('public', 1)], [orders])).to.deep.equal([])
    expect(problems({ table: 'orders' }, [schema('public', 1)], [orders])).to.deep.equal([])
  })

  it('reports schemas that do not exist, and existing ones', () => {
    const schemas = [schema('public', 1), schema('Sales', 1), schema('hidden', 1, false)]
    expect(problems({ schemas: ['public', 'sales', 'x'] }, schemas, [orders])).to.deep.equal([
      "The schemas 'sales', 'x' do not exist in database 'shop'. " +
        "User 'reader' has access to: 'public', 'Sales'. Names are case sensitive.",
    ])
    expect(problems({ schemas: ['x'] }, [])).to.deep.equal([
      "The schema 'x' does not exist in database 'shop'. " +
        "User 'reader' has access to: none. Names are case sensitive.",
    ])
  })

  it('shows the number of names if there are too many to list', () => {
    const schemas = Array.from({ length: 200 }, (_, index) => schema(`s${index}`))
    expect(problems({ schemas: ['x'] }, schemas)[0]).to.include("'s19' and 180 more. Names")
  })

  it('reports a system schema', () => {
    expect(problems({ schemas: ['pg_catalog'] }, [schema('public', 1)])).to.deep.equal([
      "The system's own schema 'pg_catalog' cannot be synced. Choose other 'schemas'.",
    ])
  })

  it('reports the table that does not exist, with its schema', () => {
    expect(problems({ table: 'order' }, [schema('public', 0)])).to.deep.equal([
      "Table not found: order in schema public. Check 'table' and 'schemas'; names are case sensitive.",
    ])
    const schemas = ['public', 'sales']
    expect(
      problems(
        { table: 'order', schemas },
        schemas.map((name) => schema(name)),
      ),
    ).to.deep.equal([
      "Table not found: order in schema public, sales. Check 'table' and 'schemas'; names are case sensitive.",
    ])
  })

  it('distinguishes a table without the SELECT privilege from one that does not exist', () => {
    expect(problems({ table: 'orders' }, [schema('public', 1)])).to.deep.equal([
      "User 'reader' may not read table 'orders' in schema 'public'. " +
        'Run GRANT SELECT ON "public"."orders" TO "reader".',
    ])
  })

  it('lists the missing grants if nothing can be read', () => {
    const schemas = [schema('a', 3, false), schema('B b', 2), schema('empty', 0, false)]
    expect(problems({ schemas: ['a', 'B b', 'empty'] }, schemas)).to.deep.equal([
      "Discovered zero tables in the schemas 'a', 'B b', 'empty' of database 'shop'. " +
        "User 'reader' may read none of them. " +
        'Run GRANT USAGE ON SCHEMA "a" TO "reader" and ' +
        'GRANT SELECT ON ALL TABLES IN SCHEMA "a", "B b" TO "reader".',
    ])
  })

  it('reports an empty schema', () => {
    expect(problems({}, [schema('public')])).to.deep.equal([
      "Discovered zero tables in the schema 'public' of database 'shop'. There are no tables or views. " +
        "Check 'database' and 'schemas'.",
    ])
  })

  it('requires no relation if there is a query', () => {
    expect(problems({ query: 'SELECT 1' }, [schema('public')])).to.deep.equal([])
  })

  it("reports a relation with the name of the query's stream", () => {
    const schemas = [schema('public', 1), schema('sales', 1)]
    const scope = { query: 'SELECT 1', schemas: ['public', 'sales'] }
    expect(problems(scope, schemas, [relation('sales', 'query')])).to.deep.equal([])
    const [message] = problems(scope, schemas, [relation('public', 'query')])
    expect(message).to.match(/^Schema 'public' has a relation 'query'/)
  })

  it('reports all problems at once', () => {
    const scope = { table: 'orders', schemas: ['public', 'x', 'pg_toast'] }
    expect(problems(scope, [schema('public')])).to.have.length(3)
  })
})
