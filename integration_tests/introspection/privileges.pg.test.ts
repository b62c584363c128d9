import { expect } from 'chai'
import { TestDatabase } from '../helpers/database.ts'
import { columnNames, discover, relationsOf } from './discover.ts'
import { TestRole } from './test-role.ts'

describe('readRelations, privileges', () => {
  it('omits what the role may not read', async () => {
    await using db = await TestDatabase.create()
    await using role = await TestRole.create(db)
    await db.sql(
      `CREATE TABLE whole (a int PRIMARY KEY, b int);
       CREATE TABLE partly (a int, b int, c int, PRIMARY KEY (a, b));
       CREATE TABLE key (a int, b int, PRIMARY KEY (b));
       CREATE TABLE nothing (a int); CREATE TABLE "insert" (a int); CREATE TABLE bare ();
       CREATE VIEW v AS SELECT a FROM nothing;
       GRANT SELECT ON whole, v TO ${role.name}; GRANT INSERT ON "insert" TO ${role.name};
       GRANT SELECT (c, a) ON partly TO ${role.name}; GRANT SELECT (b) ON key TO ${role.name};
       CREATE SCHEMA closed; CREATE TABLE closed.t (a int); GRANT SELECT ON closed.t TO ${role.name}`,
    )
    const schemas = ['public', 'closed']
    const { relations } = await discover(db, { schemas }, role.name)
    expect(
      relations.map((r) => [r.name, columnNames(r), r.primaryKey, r.hasSystemColumns]),
    ).to.deep.equal([
      ['key', ['b'], ['b'], false],
      ['partly', ['a', 'c'], [], false],
      ['v', ['a'], [], false],
      ['whole', ['a', 'b'], ['a'], true],
    ])
    await db.sql(`GRANT USAGE ON SCHEMA closed TO ${role.name}`)
    const opened = await discover(db, { schemas: ['closed'] }, role.name)
    expect(opened.relations.map((r) => r.name)).to.deep.equal(['t'])
  })

  it('lists everything without the check, but no system columns that the role may not read', async () => {
    await using db = await TestDatabase.create()
    await using role = await TestRole.create(db)
    await db.sql(
      `CREATE TABLE partly (a int, b int); GRANT SELECT (a) ON partly TO ${role.name};
       CREATE TABLE nothing (a int); CREATE SCHEMA closed; CREATE TABLE closed.t (a int)`,
    )
    const scope = { schemas: ['public', 'closed'], checkPrivileges: false }
    const { relations } = await discover(db, scope, role.name)
    expect(relations.map((r) => [r.name, columnNames(r), r.hasSystemColumns])).to.deep.equal([
      ['t', ['a'], false],
      ['nothing', ['a'], false],
      ['partly', ['a', 'b'], false],
    ])
  })

  it('reads a partitioned table as a whole if a leaf cannot be read by name', async () => {
    await using db = await TestDatabase.create()
    await using role = await TestRole.create(db)
    await db.sql(
      `CREATE TABLE p (a int) PARTITION BY LIST (a);
       CREATE SCHEMA parts;
       CREATE TABLE parts.p1 PARTITION OF p FOR VALUES IN (1);
       GRANT SELECT ON p TO ${role.name}`,
    )
    const isByLeaf = async (): Promise<boolean | undefined> =>
      (await discover(db, {}, role.name)).relations[0]?.hasSystemColumns
    expect(await isByLeaf()).to.equal(false)
    await db.sql(`GRANT SELECT ON parts.p1 TO ${role.name}`)
    expect(await isByLeaf()).to.equal(false)
    await db.sql(`GRANT USAGE ON SCHEMA parts TO ${role.name}`)
    expect(await isByLeaf()).to.equal(true)
    await db.sql(`ALTER TABLE p ENABLE ROW LEVEL SECURITY`)
    expect(await isByLeaf()).to.equal(false)
    await db.sql(
      `ALTER TABLE p DISABLE ROW LEVEL SECURITY; ALTER TABLE parts.p1 ENABLE ROW LEVEL SECURITY`,
    )
    expect(await isByLeaf()).to.equal(false)
  })

  it('reads a partitioned table as a whole if a leaf is a foreign table', async () => {
    await using db = await TestDatabase.create()
    const found = await relationsOf(
      db,
      `CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
       CREATE TABLE p (a int) PARTITION BY LIST (a);
       CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
       CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES IN (2) SERVER elsewhere`,
    )
    expect(found['p']?.hasSystemColumns).to.equal(false)
    expect(found['p']?.hasXmin).to.equal(false)
    expect(found['p1']?.hasSystemColumns).to.equal(true)
  })
})
