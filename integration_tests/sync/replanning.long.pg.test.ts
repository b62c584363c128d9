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

/** float4 has four bytes, like int4, and the table keeps its file. */
const TO_FLOAT = 'ALTER TABLE zebra DROP COLUMN id, ADD COLUMN id float4 DEFAULT 7.5'

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
      expect(ends).to.have.members(['big: COMPLETE', 'zebra: INCOMPLETE'])
      expect(distinct(idsOf(attempt.messages, 'big'))).to.deep.equal(range(1, BIG_ROWS))
    })
  }
})

describe('a stream that is altered after it was planned', () => {
  for (const { what, create = '', stream = 'zebra', query, change } of [
    { what: 'a table', change: TO_FLOAT },
    {
      what: 'a query of a table',
      stream: 'query',
      query: 'SELECT id FROM zebra',
      change: TO_FLOAT,
    },
    {
      what: 'a query of a view',
      create: 'CREATE VIEW stripes AS SELECT id FROM zebra',
      stream: 'query',
      query: 'SELECT id FROM stripes',
      change: `DROP VIEW stripes; ${TO_FLOAT}; CREATE VIEW stripes AS SELECT id FROM zebra`,
    },
    {
      what: 'a query of a domain',
      create: 'CREATE DOMAIN d AS int; ALTER TABLE zebra ALTER COLUMN id TYPE d',
      stream: 'query',
      query: 'SELECT id FROM zebra',
      change: `ALTER TABLE zebra DROP COLUMN id; DROP DOMAIN d; CREATE DOMAIN d AS float4;
               ALTER TABLE zebra ADD COLUMN id d DEFAULT 7.5`,
    },
  ]) {
    it(`${what} has the values of its new column, and not their bytes in the old type`, async () => {
      await using database = await TestDatabase.create(await sharedServer())
      await database.sql(`${CREATE_STREAMS}; ${create}`)
      const selected = query === undefined ? {} : { table: 'big', query }
      await using connector = await withConnector(
        database.config({ batch_size: 1000, ...ONE_READER, ...selected }),
      )
      await using running = await connector.startRead()
      const messages: Message[] = []
      for await (const message of running.messages()) {
        messages.push(message)
        if (messages.length === 10_000) await database.sql(change)
      }
      expect((await running.ended).code).to.equal(0)
      expect(idsOf(messages, stream)).to.deep.equal([7.5])
      expect(distinct(idsOf(messages, 'big'))).to.deep.equal(range(1, BIG_ROWS))
    })
  }

  it('a query that is not altered is read at once, whatever its types', async () => {
    await using database = await TestDatabase.create(await sharedServer())
    await database.sql(
      `CREATE DOMAIN inner_d AS int; CREATE DOMAIN outer_d AS inner_d; CREATE DOMAIN list AS int[];
       CREATE TYPE colour AS ENUM ('red'); CREATE TYPE pair AS (a outer_d, b colour);
       CREATE DOMAIN pair_d AS pair;
       CREATE TABLE t (id outer_d, ids outer_d[], list list, lists list[], colour colour, pair pair,
                       pair_d pair_d, pairs pair[], range int4range);
       INSERT INTO t VALUES (1, '{1,2}', '{3}', ARRAY['{4}'::list], 'red', (5, 'red'), (6, 'red'),
                             ARRAY[(7, 'red')::pair], '[1,3)')`,
    )
    const query = `SELECT *, 'x' AS literal, NULL AS nothing, ROW (1) AS record, t FROM t`
    await using connector = await withConnector(database.config({ query, max_retries: 0 }))
    const run = await connector.read()
    expect(run.code, run.stdout).to.equal(0)
    expect(idsOf(run.messages, 'query')).to.deep.equal([1])
  })
})
