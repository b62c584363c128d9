import { expect } from 'chai'
import {
  Consumer,
  distinct,
  idsOf,
  logsOf,
  range,
  type StreamChoice,
} from '../../helpers/consumer.ts'
import { TestDatabase } from '../../helpers/database.ts'
import type { Json, Message } from '../../helpers/messages.ts'

const ROWS = 6000
/** Rows of a partition when it is attached. */
const OLD_ROWS = 50
const XMIN = { replication_method: { method: 'Xmin' } }
const MODES: readonly (readonly [string, StreamChoice, Json])[] = [
  ['full refresh', { name: 'p' }, {}],
  ['the first load by cursor', { name: 'p', cursorField: 'changed' }, {}],
  ['the first load by xmin', { name: 'p', syncMode: 'incremental' }, XMIN],
]

/** A partitioned table whose only leaf has rows, and a partition tree that is attached later. */
const CREATE = `
  CREATE TABLE old (id bigint, changed bigint, filler text) PARTITION BY RANGE (id);
  CREATE TABLE old_leaf PARTITION OF old FOR VALUES FROM (${ROWS + 1}) TO (100000);
  CREATE TABLE p (id bigint, changed bigint, filler text) PARTITION BY RANGE (id);
  CREATE TABLE p_first PARTITION OF p FOR VALUES FROM (-10) TO (1);
  CREATE TABLE p_leaf PARTITION OF p FOR VALUES FROM (1) TO (${ROWS + 1});
  INSERT INTO p SELECT n, n, repeat('x', 300) FROM generate_series(0, ${ROWS}) AS n;
  INSERT INTO old SELECT ${ROWS} + n, n, 'old' FROM generate_series(1, ${OLD_ROWS}) AS n`

function isStateInLeaf({ state }: Message): boolean {
  return state?.stream?.stream_state?.['leaf'] === '"public"."p_leaf"'
}

async function interrupted(
  database: TestDatabase,
  stream: StreamChoice,
  extra: Json,
): Promise<{ consumer: Consumer; messages: readonly Message[] }> {
  const consumer = await Consumer.create(database, [stream], { batch_size: 500, ...extra })
  const { messages } = await consumer.attempt({ at: isStateInLeaf })
  expect(consumer.stateOf('p')).to.include({ state_type: 'ctid_based', leaf: '"public"."p_leaf"' })
  return { consumer, messages }
}

describe('an interrupted load of a partitioned table', () => {
  for (const [mode, stream, extra] of MODES) {
    it(`${mode}: reads the existing rows of a partition that is attached before it is resumed`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(CREATE)
      const { consumer, messages } = await interrupted(database, stream, extra)
      await using _ = consumer
      await database.sql(
        `ALTER TABLE p ATTACH PARTITION old FOR VALUES FROM (${ROWS + 1}) TO (100000)`,
      )
      const resumed = await consumer.sync()
      const ids = [...idsOf(messages), ...idsOf(resumed.messages)]
      expect(distinct(ids)).to.deep.equal(range(0, ROWS + OLD_ROWS))
      expect(ids.length - distinct(ids).length, 'repeated rows').to.equal(0)
      expect(logsOf(resumed, 'WARN')).to.deep.equal([])
    })

    it(`${mode}: repeats no row in the following sync`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(CREATE)
      const { consumer } = await interrupted(database, stream, extra)
      await using _ = consumer
      await consumer.sync()
      const later = await consumer.sync()
      expect(idsOf(later.messages)).to.deep.equal([])
      expect(logsOf(later, 'WARN')).to.deep.equal([])
    })
  }

  it('starts over with a WARN if it was begun on another server', async () => {
    await using database = await TestDatabase.create()
    await database.sql(CREATE)
    const { consumer } = await interrupted(database, { name: 'p' }, {})
    await using _ = consumer
    const horizon = { xmin: '9000000000', xids: [], at: 1_700_000_000_000 }
    consumer.states = consumer.states.map(({ type, stream }) => {
      if (stream === undefined) throw new Error('not the state of a stream')
      return { type, stream: { ...stream, stream_state: { ...stream.stream_state, horizon } } }
    })
    const restarted = await consumer.sync()
    expect(distinct(idsOf(restarted.messages))).to.deep.equal(range(0, ROWS))
    expect(
      logsOf(restarted, 'WARN')
        .map(({ message }) => message)
        .join(),
    ).to.include('another server')
  })
})
