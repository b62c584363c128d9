import { expect } from 'chai'
import {
  type CatalogStream,
  configuredCatalog,
  type Message,
  recordsOf,
} from '../../helpers/messages.ts'
import { CONFIGURED_CATALOG, EMPTY_STREAM, EXPECTED_RECORDS } from '../fixtures.ts'
import {
  findCountProblems,
  findMissingDataPoints,
  findRecordProblems,
  findStatusProblems,
} from '../read-checks.ts'
import type { Subject } from '../subject.ts'
import { discoverStreams } from './discovery.ts'

/** The checks of the sections `basic_read` and `full_refresh`. */
export function basicReadSection(subject: () => Subject): void {
  describe('basic read', () => {
    let streams: readonly CatalogStream[]
    let messages: readonly Message[]

    before(async () => {
      streams = await discoverStreams(subject())
      const catalog = configuredCatalog({ streams })
      const outcome = await subject().run('read', { config: subject().config, catalog })
      expect(outcome.code).to.equal(0)
      messages = outcome.messages
    })

    it('returns records of every stream that is not empty', () => {
      const empty = streams.filter(({ name }) => recordsOf(messages, name).length === 0)
      expect(empty.map(({ name }) => name)).to.deep.equal([EMPTY_STREAM])
    })

    it('returns records that match their schemas and have their keys', () => {
      expect(findRecordProblems(messages, streams)).to.deep.equal([])
    })

    it('returns a value for each property in at least one record', () => {
      const full = streams.filter(({ name }) => name !== EMPTY_STREAM)
      expect(findMissingDataPoints(messages, full)).to.deep.equal([])
    })

    it('returns exactly the expected records', () => {
      for (const { name } of streams) {
        const expected = EXPECTED_RECORDS.filter(({ stream }) => stream === name)
        expect(recordsOf(messages, name)).to.have.deep.members(expected.map(({ data }) => data))
      }
    })

    it('emits STARTED, RUNNING and COMPLETE for each stream', () => {
      const names = streams.map(({ name }) => name)
      expect(findStatusProblems(messages, names)).to.deep.equal([])
    })

    it('counts the records since the previous state in each state', () => {
      expect(findCountProblems(messages)).to.deep.equal([])
      const stated = messages.flatMap(({ state }) => state?.stream?.stream_descriptor.name ?? [])
      expect([...new Set(stated)]).to.have.members(streams.map(({ name }) => name))
    })

    it('fails for a catalog with an unknown stream and an invalid mode', async () => {
      const [first] = CONFIGURED_CATALOG.streams
      const stream = { ...first?.stream, name: '__no_such_stream__' }
      const catalog = { streams: [{ ...first, stream, sync_mode: 'INVALID' }] }
      const outcome = await subject().run('read', { config: subject().config, catalog })
      expect(outcome.code).not.to.equal(0)
      expect(outcome.messages.filter(({ trace }) => trace?.error !== undefined)).to.have.length(1)
    })
  })

  describe('full refresh', () => {
    it('returns the same records twice', async () => {
      const files = { config: subject().config, catalog: CONFIGURED_CATALOG }
      const first = await subject().run('read', files)
      const second = await subject().run('read', files)
      expect(first.code).to.equal(0)
      for (const { stream } of CONFIGURED_CATALOG.streams) {
        const records = recordsOf(first.messages, stream.name)
        expect(records.length).to.be.greaterThan(0)
        expect(recordsOf(second.messages, stream.name)).to.have.deep.members(records)
      }
    })
  })
}
