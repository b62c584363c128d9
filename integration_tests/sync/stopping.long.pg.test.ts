import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestDatabase } from '../helpers/database.ts'
import type { Message } from '../helpers/messages.ts'
import { sharedServer } from '../helpers/shared-server.ts'
import { backendsOf, timeUntilGone } from '../helpers/backends.ts'
import {
  Consumer,
  describeAttempt,
  distinct,
  errorsOf,
  idsOf,
  range,
  statusesOf,
} from '../helpers/consumer.ts'
import { BIG_ROWS, CREATE_BIG, FILL_BIG, READ_MODES } from './read-modes.ts'
import { ONE_READER } from '../helpers/one-reader.ts'

const LIMIT_MS = 5000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

for (const signal of SIGNALS) {
  describe(signal, () => {
    for (const mode of READ_MODES) {
      it(`during ${mode.name} → the last state, INCOMPLETE, no backend; the next sync resumes`, async () => {
        const server = await sharedServer()
        await using database = await TestDatabase.create(server)
        await database.sql(`${CREATE_BIG}; CREATE TABLE after AS SELECT 0 AS id`)
        const application_name = database.name
        const config = { batch_size: 1000, application_name, ...mode.config, ...ONE_READER }
        const streams = [mode.stream, { name: 'after' }]
        await using consumer = await Consumer.create(database, streams, config)
        if (mode.isLater) await consumer.sync()
        await database.sql(FILL_BIG)
        consumer.removeState('after')
        await using running = await consumer.start()
        const messages: Message[] = []
        let gone: Promise<number> | null = null
        for await (const message of running.messages()) {
          messages.push(message)
          if (gone !== null || messages.length < 10_000) continue
          running.process.kill(signal)
          gone = timeUntilGone(server, database.name, LIMIT_MS)
        }
        const attempt = { messages, ...(await running.ended) }
        expect(await gone, 'milliseconds until no backend was left').to.be.lessThan(LIMIT_MS)
        expect(attempt.code, describeAttempt(attempt)).to.equal(1)
        expect(errorsOf(attempt).map((error) => error.split(':')[0])).to.deep.equal([
          'transient_error',
        ])
        expect(statusesOf(attempt)).to.include('big: INCOMPLETE').and.not.include('big: COMPLETE')
        expect(statusesOf(attempt)).to.include('after: INCOMPLETE')
        consumer.accept(messages)
        const later = await consumer.sync()
        const ids = [...idsOf(messages, 'big'), ...idsOf(later.messages, 'big')]
        expect(distinct(ids)).to.deep.equal(range(mode.isLater ? 2 : 1, BIG_ROWS))
        // Only an xmin sync after the first load has no state to resume from
        if (mode.isLater && mode.name.includes('xmin')) return
        expect(ids.length - distinct(ids).length, 'repeated records').to.be.lessThan(5000)
      })
    }

    it('while the server runs a query and sends nothing → no backend remains', async () => {
      const server = await sharedServer()
      await using database = await TestDatabase.create(server)
      await database.sql('CREATE VIEW slow AS SELECT 1 AS id FROM pg_sleep(600)')
      const config = { application_name: database.name }
      await using consumer = await Consumer.create(database, [{ name: 'slow' }], config)
      await using running = await consumer.start()
      const messages: Message[] = []
      let gone: Promise<number> | null = null
      for await (const message of running.messages()) {
        messages.push(message)
        if (gone !== null || message.trace?.stream_status === undefined) continue
        gone = (async () => {
          while ((await backendsOf(server, database.name, true)).length === 0) await sleep(20)
          running.process.kill(signal)
          return await timeUntilGone(server, database.name, LIMIT_MS)
        })()
      }
      const attempt = { messages, ...(await running.ended) }
      expect(await gone, 'milliseconds until no backend was left').to.be.lessThan(LIMIT_MS)
      expect(attempt.code, describeAttempt(attempt)).to.equal(1)
      expect(statusesOf(attempt).at(-1)).to.equal('slow: INCOMPLETE')
    })

    it('while the consumer does not read the output → no backend remains', async () => {
      const server = await sharedServer()
      await using database = await TestDatabase.create(server)
      await database.sql(`${CREATE_BIG}; ${FILL_BIG}`)
      const config = { application_name: database.name }
      await using consumer = await Consumer.create(database, [{ name: 'big' }], config)
      await using running = await consumer.start()
      while ((await backendsOf(server, database.name, true)).length === 0) await sleep(20)
      await sleep(500)
      running.process.kill(signal)
      const goneMs = await timeUntilGone(server, database.name, LIMIT_MS)
      expect(goneMs, 'milliseconds until no backend was left').to.be.lessThan(LIMIT_MS)
    })
  })
}

describe('a consumer that closes the pipe', () => {
  it('ends the connector and its backends', async () => {
    const server = await sharedServer()
    await using database = await TestDatabase.create(server)
    await database.sql(`${CREATE_BIG}; ${FILL_BIG}`)
    const config = { application_name: database.name }
    await using consumer = await Consumer.create(database, [{ name: 'big' }], config)
    await using running = await consumer.start()
    for await (const message of running.messages()) if (message.record !== undefined) break
    running.process.stdout?.destroy()
    expect(await timeUntilGone(server, database.name, LIMIT_MS)).to.be.lessThan(LIMIT_MS)
    expect((await running.ended).signal).to.equal(null)
  })
})
