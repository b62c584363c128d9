import { existsSync } from 'node:fs'
import { expect } from 'chai'
import type { CatalogStream } from '../helpers/messages.ts'
import { ABNORMAL_STATE, CONFIGURED_CATALOG, INCREMENTAL_CATALOG, readText } from './fixtures.ts'
import { CHECKOUT } from '../helpers/checkout.ts'
import { discoverStreams } from './sections/discovery.ts'
import { commandSubject, type Subject } from './subject.ts'

/** Directory that the person who runs Airbyte's tests creates. */
const SECRETS = 'secrets/'

describe('acceptance-test-config.yml', () => {
  let subject: Subject
  let streams: readonly CatalogStream[]

  before(async () => {
    subject = await commandSubject()
    streams = await discoverStreams(subject)
  })

  after(async () => {
    await subject[Symbol.asyncDispose]()
  })

  it('contains only files that exist', () => {
    const paths = [...readText('acceptance-test-config.yml').matchAll(/path: (\S+)/g)].map(
      ([, path = '']) => path,
    )
    const missing = paths.filter(
      (path) => !path.startsWith(SECRETS) && !existsSync(`${CHECKOUT}${path}`),
    )
    expect(paths.length).to.be.greaterThan(0)
    expect(missing).to.deep.equal([])
  })

  it('has every section', () => {
    const text = readText('acceptance-test-config.yml')
    for (const section of 'spec connection discovery basic_read full_refresh incremental'.split(
      ' ',
    )) {
      expect(text).to.match(new RegExp(`^  ${section}:$`, 'm'))
    }
  })

  it('has catalogs with the discovered streams', () => {
    for (const { stream } of [...CONFIGURED_CATALOG.streams, ...INCREMENTAL_CATALOG.streams]) {
      expect(stream).to.deep.equal(streams.find(({ name }) => name === stream.name))
    }
  })

  it('has an abnormal state for every incremental stream', () => {
    const names = INCREMENTAL_CATALOG.streams.map(({ stream }) => stream.name)
    expect(JSON.stringify(ABNORMAL_STATE.map(({ stream }) => stream))).to.satisfy((text: string) =>
      names.every((name) => text.includes(`"${name}"`)),
    )
  })
})
