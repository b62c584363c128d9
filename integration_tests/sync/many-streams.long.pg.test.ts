import { expect } from 'chai'
import { TestDatabase } from '../helpers/database.ts'
import { printLines } from '../helpers/report.ts'
import { Consumer, idsOf, statusesOf } from '../helpers/consumer.ts'

const STREAMS = 500
const ROWS_PER_STREAM = 3

const METHODS = [
  ['by cursor', {}, { cursorField: 'changed' }],
  ['by xmin', { replication_method: { method: 'Xmin' } }, { syncMode: 'incremental' }],
] as const

describe(`an incremental sync of ${STREAMS} streams`, () => {
  for (const [what, config, choice] of METHODS) {
    it(`${what}, without new rows → no record, all COMPLETE, and all states are unchanged`, async () => {
      await using database = await TestDatabase.create()
      await database.sql(
        `DO $$ BEGIN FOR n IN 1..${STREAMS} LOOP
           EXECUTE format('CREATE TABLE s_%s (id bigint PRIMARY KEY, changed timestamptz)', n);
           EXECUTE format('CREATE INDEX ON s_%s (changed)', n);
           EXECUTE format('INSERT INTO s_%s SELECT i, now() FROM generate_series(1, ${ROWS_PER_STREAM}) i', n);
         END LOOP; END $$`,
      )
      const streams = Array.from({ length: STREAMS }, (_, n) => ({ name: `s_${n + 1}`, ...choice }))
      await using consumer = await Consumer.create(database, streams, config)
      const first = await timed(async () => await consumer.sync())
      expect(idsOf(first.result.messages)).to.have.length(STREAMS * ROWS_PER_STREAM)
      const before = consumer.states
      expect(before).to.have.length(STREAMS)
      const second = await timed(async () => await consumer.sync())
      printLines(
        `${STREAMS} streams ${what}: first load ${first.time}, without new rows ${second.time}`,
      )
      expect(idsOf(second.result.messages)).to.deep.equal([])
      const ends = statusesOf(second.result).filter((status) => status.endsWith(': COMPLETE'))
      expect(ends).to.have.length(STREAMS)
      expect(consumer.states.map(({ stream }) => stream?.stream_state?.['cursors'])).to.deep.equal(
        before.map(({ stream }) => stream?.stream_state?.['cursors']),
      )
      await database.sql('INSERT INTO s_250 VALUES (9, clock_timestamp())')
      expect(idsOf((await consumer.sync()).messages)).to.deep.equal([9])
    })
  }
})

async function timed<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly time: string }> {
  const started = performance.now()
  const result = await work()
  return { result, time: `${((performance.now() - started) / 1000).toFixed(1)} s` }
}
