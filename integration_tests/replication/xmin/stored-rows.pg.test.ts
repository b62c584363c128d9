import { expect } from 'chai'
import { Consumer, idsOf } from '../../helpers/consumer.ts'
import { TestDatabase } from '../../helpers/database.ts'
import { LoginRole } from '../../helpers/login-role.ts'

const XMIN = { replication_method: { method: 'Xmin' } }
const STREAM = { name: 't', syncMode: 'incremental' } as const

describe('xmin, tables whose rows are stored elsewhere', () => {
  it('syncs a table from which others inherit, with their rows', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`
      CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE heir (more int) INHERITS (t);
      CREATE TABLE heir_of_heir () INHERITS (heir);
      INSERT INTO t VALUES (1); INSERT INTO heir VALUES (2); INSERT INTO heir_of_heir VALUES (3)`)
    await using consumer = await Consumer.create(db, [STREAM], XMIN)
    expect(idsOf((await consumer.sync()).messages)).to.have.members([1, 2, 3])
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
    await db.sql(`
      INSERT INTO heir VALUES (4); UPDATE heir_of_heir SET note = 'new'; UPDATE ONLY t SET note = 'x'`)
    expect(idsOf((await consumer.sync()).messages)).to.have.members([1, 3, 4])
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([])
  })

  it('syncs a partitioned table whose partitions the role may read only through it', async () => {
    await using db = await TestDatabase.create()
    await db.sql(`
      CREATE TABLE t (id int) PARTITION BY RANGE (id);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1), (2)`)
    await using role = await LoginRole.create(db)
    await db.sql(`GRANT SELECT ON t TO ${role.name}`)
    await using consumer = await Consumer.create(db, [STREAM], { ...role.config(), ...XMIN })
    expect(idsOf((await consumer.sync()).messages)).to.have.members([1, 2])
    await db.sql('UPDATE t SET id = 3 WHERE id = 2')
    expect(idsOf((await consumer.sync()).messages)).to.deep.equal([3])
  })
})
