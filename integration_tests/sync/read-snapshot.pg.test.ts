import { expect } from 'chai'
import { withConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import { configuredCatalog, type Json } from '../helpers/messages.ts'
import { ONE_READER } from '../helpers/one-reader.ts'

describe('the snapshot of a read', () => {
  it('shows all streams as of the same time, whatever is written while a slow consumer reads', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE a (id int PRIMARY KEY, v text);
       INSERT INTO a SELECT n, repeat('x', 1000) FROM generate_series(1, 30000) AS n;
       CREATE TABLE b (id int PRIMARY KEY, v text);
       INSERT INTO b SELECT n, 'before' FROM generate_series(1, 1000) AS n`,
    )
    await using connector = await withConnector(db.config())
    const catalog = configuredCatalog(await connector.catalog())
    await using running = await connector.startRead({ catalog })
    const data: Record<string, Json[]> = { a: [], b: [] }
    for await (const { record } of running.messages()) {
      if (record === undefined) continue
      data[record.stream]?.push(record.data)
      if (record.stream === 'a') break
    }
    await db.sql(
      `UPDATE a SET v = 'after'; DELETE FROM a WHERE id % 2 = 0; INSERT INTO a VALUES (40000, 'after');
       UPDATE b SET v = 'after' WHERE id < 500; DELETE FROM b WHERE id >= 900; INSERT INTO b VALUES (2000, 'after')`,
    )
    await db.sql('VACUUM a')
    for await (const { record } of running.messages()) {
      if (record !== undefined) data[record.stream]?.push(record.data)
    }
    expect((await running.ended).code).to.equal(0)
    const ids = data['a']?.map(({ id }) => id)
    expect(new Set(ids).size).to.equal(30_000)
    expect(ids).to.have.length(30_000)
    expect(data['a']?.filter(({ v }) => v === 'after')).to.deep.equal([])
    expect(data['b']).to.deep.equal(
      Array.from({ length: 1000 }, (_, index) => ({ id: index + 1, v: 'before' })),
    )
  })

  it('does not return an empty stream for a table that was replaced by renames during the read', async () => {
    await using db = await TestDatabase.create()
    await db.sql(
      `CREATE TABLE a (id int PRIMARY KEY, v text);
       INSERT INTO a SELECT n, repeat('x', 1000) FROM generate_series(1, 30000) AS n;
       CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2); ANALYZE`,
    )
    await using connector = await withConnector(db.config(ONE_READER))
    const catalog = configuredCatalog(await connector.catalog())
    await using running = await connector.startRead({ catalog })
    for await (const { record } of running.messages()) if (record?.stream === 'a') break
    await db.sql('CREATE TABLE b_new (id int PRIMARY KEY); INSERT INTO b_new VALUES (1), (2), (3)')
    await db.sql('BEGIN; ALTER TABLE b RENAME TO b_old; ALTER TABLE b_new RENAME TO b; COMMIT')
    const ids: number[] = []
    for await (const { record } of running.messages()) {
      if (record?.stream === 'b') ids.push(Number(record.data['id']))
    }
    expect((await running.ended).code).to.equal(0)
    expect(ids).to.deep.equal([1, 2, 3])
  })
})
