import { expect } from 'chai'
import { Consumer, errorsOf, idsOf, type StreamChoice, statusesOf } from '../helpers/consumer.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Json } from '../helpers/messages.ts'

const XMIN = { replication_method: { method: 'Xmin' } }

/** A method that reads both tables, and whether it reads only new rows in a later sync. */
const MODES: readonly {
  readonly name: string
  readonly choice: Omit<StreamChoice, 'name'>
  readonly config: Json
  readonly isIncremental: boolean
}[] = [
  { name: 'full refresh', choice: {}, config: {}, isIncremental: false },
  { name: 'cursor', choice: { cursorField: 'id' }, config: {}, isIncremental: true },
  { name: 'xmin', choice: { syncMode: 'incremental' }, config: XMIN, isIncremental: true },
]

/** What happens to table `b` between two syncs, and the message about its stream. */
const CHANGES = [
  ['DROP TABLE b', /^config_error: Stream 'public\.b' of the catalog is not in database/],
  ['ALTER TABLE b RENAME TO c', /^config_error: Stream 'public\.b' of the catalog is not in/],
  ['ALTER TABLE b DROP COLUMN id', /^config_error: .*(primary key column|Cursor field) 'id'/],
] as const

describe('a stream of the catalog that can no longer be read', () => {
  for (const { name, choice, config, isIncremental } of MODES) {
    for (const [change, message] of CHANGES) {
      it(`${name}, ${change}: it is INCOMPLETE, and the other streams are still read`, async () => {
        await using database = await TestDatabase.create()
        await database.sql(`
          CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
          CREATE TABLE b (id int PRIMARY KEY, v int); INSERT INTO b VALUES (1)`)
        const choices = ['b', 'a'].map((stream) => ({ name: stream, ...choice }))
        await using consumer = await Consumer.create(database, choices, config)
        await consumer.sync()
        if (!isIncremental) consumer.removeState('a')
        const ofB = consumer.stateOf('b')
        await database.sql(`${change}; INSERT INTO a VALUES (2)`)
        const attempt = await consumer.attempt()
        expect(attempt.code).to.equal(1)
        expect(errorsOf(attempt)).to.have.length(1)
        expect(errorsOf(attempt)[0]).to.match(message)
        const streams = attempt.messages.flatMap(({ trace }) => trace?.error?.stream_descriptor)
        expect(streams).to.deep.include({ name: 'b', namespace: 'public' })
        const ends = statusesOf(attempt).filter((status) => status.endsWith('COMPLETE'))
        expect(ends).to.have.members(['a: COMPLETE', 'b: INCOMPLETE'])
        expect(idsOf(attempt.messages, 'a')).to.deep.equal(isIncremental ? [2] : [1, 2])
        expect(consumer.stateOf('b')).to.deep.equal(ofB)
        await database.sql('INSERT INTO a VALUES (3)')
        const next = await consumer.attempt()
        expect(idsOf(next.messages, 'a')).to.deep.equal(isIncremental ? [3] : [])
      })
    }
  }

  it('xmin, a view takes its name: it is INCOMPLETE, and the other streams are still read', async () => {
    await using database = await TestDatabase.create()
    await database.sql(`
      CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
      CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)`)
    const choices = ['b', 'a'].map((name) => ({ name, syncMode: 'incremental' }) as const)
    await using consumer = await Consumer.create(database, choices, XMIN)
    await consumer.sync()
    await database.sql(`
      ALTER TABLE b RENAME TO c; CREATE VIEW b AS SELECT * FROM c; INSERT INTO a VALUES (2)`)
    const attempt = await consumer.attempt()
    expect(attempt.code).to.equal(1)
    expect(errorsOf(attempt)).to.have.length(1)
    expect(errorsOf(attempt)[0]).to.match(/^config_error: .*cannot be read incrementally by xmin/)
    const ends = statusesOf(attempt).filter((status) => status.endsWith('COMPLETE'))
    expect(ends).to.have.members(['a: COMPLETE', 'b: INCOMPLETE'])
    expect(idsOf(attempt.messages, 'a')).to.deep.equal([2])
  })

  it('is an error before any row if no other stream is left', async () => {
    await using database = await TestDatabase.create()
    await database.sql('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)')
    await using consumer = await Consumer.create(database, [{ name: 'a' }])
    await database.sql('DROP TABLE a')
    const attempt = await consumer.attempt()
    expect(attempt.code).to.equal(1)
    expect(errorsOf(attempt)).to.have.length(1)
    expect(errorsOf(attempt)[0]).to.match(/^config_error: Stream 'public\.a' of the catalog/)
  })
})
