import { expect } from 'chai'
import { ConnectorError } from '../../errors.ts'
import { buildShard, divideFiles, type PagedFile, parseShard, type Shard } from './shards.ts'

const SHARD: Shard = {
  stream: { name: 'orders', namespace: 'public' },
  index: 1,
  count: 2,
  system: '7577000000000000001',
  database: 'shop',
  snapshot: '00000004-0000001B-1',
  visible: '812:815:812',
  ranges: [{ leaf: null, filenode: 16402, start: 4, end: null }],
}

function file(pages: number, filenode = 1): PagedFile {
  return { leaf: `"s"."${filenode}"`, filenode, pages }
}

describe('divideFiles', () => {
  it('gives each shard about as many pages', () => {
    const shards = divideFiles([file(10)], 4)
    expect(shards.flat().map(({ start, end }) => [start, end])).to.deep.equal([
      [0, 3],
      [3, 5],
      [5, 8],
      [8, null],
    ])
  })

  it('leaves shards empty when there are fewer pages', () => {
    expect(divideFiles([file(1)], 3).map((ranges) => ranges.length)).to.deep.equal([1, 0, 0])
  })

  it('reads an empty file, which may have grown since', () => {
    expect(divideFiles([file(0)], 1)).to.deep.equal([
      [{ leaf: '"s"."1"', filenode: 1, start: 0, end: null }],
    ])
  })

  it('has no shard without a file to read', () => {
    expect(divideFiles([], 2)).to.deep.equal([[], []])
  })

  for (const [sizes, count] of [
    [[1, 1, 1], 2],
    [[100, 0, 7, 1000, 3], 5],
    [[0, 0, 0], 8],
    [[4_294_967_295], 7],
    [[13, 1], 1],
    [[5, 5, 5, 5], 16],
  ] as const) {
    it(`covers each page of ${sizes.join(', ')} pages once with ${count} shards`, () => {
      const shards = divideFiles(
        sizes.map((pages, index) => file(pages, index)),
        count,
      )
      expect(shards).to.have.length(count)
      for (const [filenode, pages] of sizes.entries()) {
        const ranges = shards.flat().filter((range) => range.filenode === filenode)
        expect(ranges[0]!.start).to.equal(0)
        for (const [index, { end }] of ranges.entries()) {
          expect(end).to.equal(ranges[index + 1]?.start ?? null)
        }
        expect(ranges.at(-1)!.start).to.be.at.most(Math.max(pages - 1, 0))
      }
    })
  }
})

describe('parseShard', () => {
  it('reads what buildShard writes', () => {
    expect(parseShard(JSON.parse(JSON.stringify(buildShard(SHARD))))).to.deep.equal(SHARD)
  })

  it('reads a shard of a relation without pages', () => {
    const whole = { ...SHARD, ranges: null }
    expect(parseShard(JSON.parse(JSON.stringify(buildShard(whole))))).to.deep.equal(whole)
  })

  for (const [what, change] of [
    ['another version', { version: 2 }],
    ['no stream', { stream: null }],
    ['an empty stream name', { stream: { name: '' } }],
    ['no snapshot', { snapshot: {} }],
    ['an index beyond the count', { shard: 2 }],
    ['ranges that are no list', { ranges: {} }],
    [
      'a range that ends before it starts',
      { ranges: [{ leaf: null, filenode: 1, start: 4, end: 4 }] },
    ],
    ['a page beyond 32 bits', { ranges: [{ leaf: null, filenode: 1, start: 2 ** 32, end: null }] }],
    ['a fraction of a page', { ranges: [{ leaf: null, filenode: 1, start: 0.5, end: null }] }],
  ] as const) {
    it(`rejects ${what}`, () => {
      expect(() => parseShard({ ...buildShard(SHARD), ...change }))
        .to.throw(ConnectorError, /^The shard .* Pass a line that/)
        .with.property('failureType', 'config_error')
    })
  }

  it('rejects what is not an object', () => {
    expect(() => parseShard([1])).to.throw(ConnectorError)
  })
})
