import { expect } from 'chai'
import { type DiscoveryScope, findScopeProblems } from '../../src/introspection/scope.ts'
import { TestDatabase } from '../helpers/database.ts'
import { readRelations, readSchemas } from './catalog-queries.ts'
import { CatalogSession } from './catalog-session.ts'

async function problemsOf(
  db: TestDatabase,
  changes: Partial<DiscoveryScope>,
  role = 'postgres',
): Promise<string[]> {
  const defaults = { schemas: ['public'], table: null, query: null }
  const scope = { ...defaults, database: db.name, username: role, ...changes }
  await using session = await CatalogSession.open(db, role)
  const schemas = await readSchemas(session, scope.table)
  const relations = await readRelations(session, { ...scope, checkPrivileges: true })
  return findScopeProblems(scope, schemas, relations).map(({ message }) => message)
}

describe('readSchemas', () => {
  it('counts relations of users, including those without privileges', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE SCHEMA "A b"; CREATE TABLE "A b".t (a int); CREATE VIEW "A b".v AS SELECT a FROM "A b".t;
       CREATE SEQUENCE "A b".s; CREATE TABLE "A b".pg_stat_statements (a int)`,
    )
    await using session = await CatalogSession.open(db, 'pg_monitor')
    expect(await readSchemas(session, null)).to.deep.equal([
      { name: 'A b', hasUsage: false, relationCount: 2 },
      { name: 'public', hasUsage: true, relationCount: 0 },
    ])
    const [schema] = await readSchemas(session, 'v')
    expect(schema?.relationCount).to.equal(1)
  })
})

describe('findScopeProblems', () => {
  it('finds no problem if the relations can be read', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE TABLE t (a int)')
    expect(await problemsOf(db, {})).to.deep.equal([])
    expect(await problemsOf(db, { table: 't' })).to.deep.equal([])
  })

  it('distinguishes a missing schema, a missing table and a missing grant', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE SCHEMA closed; CREATE TABLE closed.t (a int); CREATE TABLE t (a int)')
    expect(await problemsOf(db, { schemas: ['nowhere'] })).to.deep.equal([
      `The schema 'nowhere' does not exist in database '${db.name}'. ` +
        "User 'postgres' has access to: 'closed', 'public'. Names are case sensitive.",
    ])
    expect(await problemsOf(db, { table: 'T' })).to.deep.equal([
      "Table not found: T in schema public. Check 'table' and 'schemas'; names are case sensitive.",
    ])
    expect(await problemsOf(db, { table: 't' }, 'pg_monitor')).to.deep.equal([
      "User 'pg_monitor' may not read table 't' in schema 'public'. " +
        'Run GRANT SELECT ON "public"."t" TO "pg_monitor".',
    ])
    expect(await problemsOf(db, { schemas: ['closed'] }, 'pg_monitor')).to.deep.equal([
      `Discovered zero tables in the schema 'closed' of database '${db.name}'. ` +
        "User 'pg_monitor' may read none of them. " +
        'Run GRANT USAGE ON SCHEMA "closed" TO "pg_monitor" and ' +
        'GRANT SELECT ON ALL TABLES IN SCHEMA "closed" TO "pg_monitor".',
    ])
  })

  it('names the schemas that have what the configured ones lack', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE SCHEMA "A b"; CREATE TABLE "A b".t (a int); CREATE SCHEMA empty;
       CREATE SCHEMA closed; CREATE TABLE closed.t (a int); GRANT USAGE ON SCHEMA "A b" TO pg_monitor`,
    )
    expect(await problemsOf(db, {}, 'pg_monitor')).to.deep.equal([
      `Discovered zero tables in the schema 'public' of database '${db.name}'. ` +
        "There are no tables or views. Other schemas have some: 'A b'. Set 'schemas'.",
    ])
    expect(await problemsOf(db, { table: 't' })).to.deep.equal([
      "Table not found: t in schema public. Other schemas have it: 'A b', 'closed'. Set 'schemas'.",
    ])
  })
})
