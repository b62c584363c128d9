import { expect } from 'chai'
import type { CatalogStream } from '../../helpers/messages.ts'
import { findCatalogProblems } from '../catalog-checks.ts'
import type { Subject } from '../subject.ts'

/** The checks of the section `discovery`. */
export function discoverySection(subject: () => Subject): void {
  describe('discovery', () => {
    let streams: readonly CatalogStream[]

    before(async () => {
      streams = await discoverStreams(subject())
    })

    it('finds every table and view', () => {
      const names = ['all_types', 'archive', 'order_lines', 'orders', 'paid_orders']
      expect(streams.map(({ name }) => name)).to.deep.equal(names)
    })

    it('returns a catalog that follows all rules', () => {
      expect(findCatalogProblems(streams)).to.deep.equal([])
    })

    it('returns the same catalog again', async () => {
      expect(await discoverStreams(subject())).to.deep.equal(streams)
    })
  })
}

/** Returns the streams of the only CATALOG message. */
export async function discoverStreams(subject: Subject): Promise<readonly CatalogStream[]> {
  const { code, messages } = await subject.run('discover', { config: subject.config })
  const catalogs = messages.flatMap(({ catalog }) => catalog ?? [])
  expect(code).to.equal(0)
  expect(catalogs).to.have.length(1)
  return catalogs[0]?.streams ?? []
}
