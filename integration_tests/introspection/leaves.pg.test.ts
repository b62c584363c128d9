import { expect } from 'chai'
import { readLeaves } from '../../src/introspection/leaves.ts'
import { TestDatabase } from '../helpers/database.ts'
import { CatalogSession } from './catalog-session.ts'

async function leavesOf(db: TestDatabase, name: string): Promise<string[]> {
  await using session = await CatalogSession.open(db)
  const [row] = await session.query<{ oid: number }>('SELECT $1::regclass::oid AS oid', [name])
  const leaves = await readLeaves(session, row?.oid ?? 0)
  return leaves.map((leaf) => `${leaf.schema}.${leaf.name} ${leaf.kind}`)
}

describe('readLeaves', () => {
  it('lists leaves of every level by oid', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE "Root" (a int, b int) PARTITION BY LIST (a);
       CREATE SCHEMA other;
       CREATE TABLE z PARTITION OF "Root" FOR VALUES IN (1);
       CREATE TABLE middle PARTITION OF "Root" FOR VALUES IN (2) PARTITION BY LIST (b);
       CREATE TABLE other."A.b" PARTITION OF middle FOR VALUES IN (1);
       CREATE TABLE rest PARTITION OF middle DEFAULT;
       CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
       CREATE FOREIGN TABLE away PARTITION OF "Root" FOR VALUES IN (3) SERVER elsewhere`,
    )
    const expected = ['public.z r', 'other.A.b r', 'public.rest r', 'public.away f']
    expect(await leavesOf(db, '"Root"')).to.deep.equal(expected)
    expect(await leavesOf(db, 'middle')).to.deep.equal(['other.A.b r', 'public.rest r'])
  })

  it('returns nothing for a partitioned table without partitions', async () => {
    await using db = await TestDatabase.create()
    await db.sql('CREATE TABLE root (a int) PARTITION BY LIST (a)')
    expect(await leavesOf(db, 'root')).to.deep.equal([])
  })

  it('omits a partition that is being detached', async () => {
    await using db = await TestDatabase.create()
    if (db.server.major < 14) return
    await db.sql(
      `CREATE TABLE root (a int) PARTITION BY LIST (a);
       CREATE TABLE r1 PARTITION OF root FOR VALUES IN (1);
       CREATE TABLE r2 PARTITION OF root FOR VALUES IN (2);
       UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'r1'::regclass`,
    )
    expect(await leavesOf(db, 'root')).to.deep.equal(['public.r2 r'])
  })
})
