import { expect } from 'chai'
import { withConnector, type RunningConnector } from '../helpers/connector.ts'
import { TestDatabase } from '../helpers/database.ts'
import type { Message } from '../helpers/messages.ts'
import { sharedServer } from '../helpers/shared-server.ts'
import { terminateReaders } from '../helpers/backends.ts'
import { distinct, errorsOf, idsOf, range, statusesOf, type Attempt } from '../helpers/consumer.ts'
import { BIG_ROWS, CREATE_BIG, FILL_BIG } from './read-modes.ts'
import { ONE_READER } from '../helpers/one-reader.ts'

const CREATE_STREAMS = `${CREATE_BIG}; ${FILL_BIG};
  CREATE TABLE zebra (id int); INSERT INTO zebra VALUES (7)`

/**
 * Runs a read without a catalog whose backend is terminated within `big`, directly after `change`.
 */
async function readInterrupted(database: TestDatabase, change: string): Promise<Attempt> {
  await database.sql(CREATE_STREAMS)
  await using connector = await withConnector(
    database.config({ application_name: database.name, batch_size: 1000, ...ONE_READER }),
  )
  await using running: RunningConnector = await connector.startRead()
  const messages: Message[] = []
  let records = 0
  for await (const message of running.messages()) {
    messages.push(message)
    if (message.record === undefined || ++records !== 10_000) continue
    await database.sql(change)
    expect(await terminateReaders(database.server, database.name)).to.equal(true)
  }
  return { messages, ...(await running.ended) }
}

describe('a read without a catalog that is interrupted', () => {
  it('a table is created between two attempts → no row is emitted under the name of another stream', async () => {
    await using database = await TestDatabase.create(await sharedServer())
    const change = `CREATE TABLE aardvark (id int); INSERT INTO aardvark VALUES (-1)`
    const attempt = await readInterrupted(database, change)
    expect(attempt.code).to.equal(0)
    expect(distinct(idsOf(attempt.messages, 'big'))).to.deep.equal(range(1, BIG_ROWS))
    expect(idsOf(attempt.messages, 'zebra')).to.deep.equal([7])
    expect(idsOf(attempt.messages, 'aardvark')).to.deep.equal([])
    const ends = statusesOf(attempt).filter((status) => status.endsWith('COMPLETE'))
    expect(ends).to.deep.equal(['big: COMPLETE', 'zebra: COMPLETE'])
  })

  for (const change of ['DROP TABLE zebra', 'ALTER TABLE zebra RENAME TO aardvark']) {
    it(`${change} between two attempts → a config_error with the name of the stream`, async () => {
      await using database = await TestDatabase.create(await sharedServer())
      const attempt = await readInterrupted(database, change)
      expect(attempt.code).to.equal(1)
      expect(errorsOf(attempt).join()).to.match(/^config_error: .*'public\.zebra'/)
      expect(idsOf(attempt.messages, 'zebra')).to.deep.equal([])
      const ends = statusesOf(attempt).filter((status) => status.endsWith('COMPLETE'))
      expect(ends).to.deep.equal(['big: INCOMPLETE', 'zebra: INCOMPLETE'])
    })
  }
})

describe('a stream that is altered after it was planned', () => {
  it('has the values of its new column, and not their bytes in the old type', async () => {
    await using database = await TestDatabase.create(await sharedServer())
    await database.sql(CREATE_STREAMS)
    await using connector = await withConnector(
      database.config({ batch_size: 1000, ...ONE_READER }),
    )
    await using running = await connector.startRead()
    const messages: Message[] = []
    for await (const message of running.messages()) {
      messages.push(message)
      if (messages.length !== 10_000) continue
      // float4 has four bytes, like int4, and the table keeps its file
      await database.sql('ALTER TABLE zebra DROP COLUMN id, ADD COLUMN id float4 DEFAULT 7.5')
    }
    expect((await running.ended).code).to.equal(0)
    expect(idsOf(messages, 'zebra')).to.deep.equal([7.5])
    expect(distinct(idsOf(messages, 'big'))).to.deep.equal(range(1, BIG_ROWS))
  })
})
