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

/** Returns the document of a shard with another value of `key`. */
function withMember(key: string, value: unknown): unknown {
  const document: unknown = JSON.parse(JSON.stringify(buildShard(SHARD)))
  const path = key.split(/[.[\]]+/).filter((part) => part !== '')
  const last = path.pop()!
  const parent = path.reduce((object: unknown, part) => Reflect.get(Object(object), part), document)
  Reflect.set(Object(parent), last, value)
  return document
}

function file(pages: number, filenode = 1): PagedFile {
  return { leaf: `"s"."${filenode}"`, filenode, pages }
}

describe('divideFiles', () => {
  it('distributes the pages evenly', () => {
    const shards = divideFiles([file(10)], 4)
    expect(shards.flat().map(({ start, end }) => [start, end])).to.deep.equal([
      [0, 3],
      [3, 5],
      [5, 8],
      [8, null],
    ])
  })

  it('returns empty shards if there are fewer pages than shards', () => {
    expect(divideFiles([file(1)], 3).map((ranges) => ranges.length)).to.deep.equal([1, 0, 0])
  })

  it('includes an empty file, which may have grown since', () => {
    expect(divideFiles([file(0)], 1)).to.deep.equal([
      [{ leaf: '"s"."1"', filenode: 1, start: 0, end: null }],
    ])
  })

  it('returns shards without ranges if there is no file', () => {
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
  it('parses the output of buildShard', () => {
    expect(parseShard(JSON.parse(JSON.stringify(buildShard(SHARD))))).to.deep.equal(SHARD)
  })

  it('parses a shard of a relation without pages', () => {
    const whole = { ...SHARD, ranges: null }
    expect(parseShard(JSON.parse(JSON.stringify(buildShard(whole))))).to.deep.equal(whole)
  })

  it('rejects another version', () => {
    expect(() => parseShard({ ...buildShard(SHARD), version: 2 }))
      .to.throw(ConnectorError, 'The shard does not have version 1.')
      .with.property('failureType', 'config_error')
  })

  for (const [key, values] of [
    ['stream', [null, 't', []]],
    ['stream.name', [null, '', 7, 'a\0b']],
    ['stream.namespace', [null, '', {}]],
    ['shard', [2, -1, '1', null]],
    ['shards', [0.5, null, 2 ** 32]],
    ['server', [null]],
    ['server.system_identifier', [7, '', '7x', ' 7']],
    ['server.database', [null, '', '\0']],
    ['snapshot', [null]],
    ['snapshot.name', [1, '', "00000004' --", 'g', '4\n']],
    [
      'snapshot.visible',
      ['', '812', '812:815', 'a:b:c', '812:815:x', '-1:815:', ':815:', '1:2:3,'],
    ],
    ['ranges', [undefined, {}, 'all']],
    ['ranges[0]', [null, []]],
    ['ranges[0].leaf', [undefined, 1, '']],
    ['ranges[0].filenode', [null, '1', -1]],
    ['ranges[0].start', [null, 0.5, 2 ** 32]],
    ['ranges[0].end', [undefined, 4, 3, '9']],
  ] as const) {
    for (const value of values) {
      it(`rejects ${JSON.stringify(value)} as ${key}, with the name of the key`, () => {
        expect(() => parseShard(withMember(key, value)))
          .to.throw(ConnectorError, `The shard has no valid '${key}'. Pass a line that`)
          .with.property('failureType', 'config_error')
      })
    }
  }

  it('accepts a snapshot without running transactions', () => {
    const idle = { ...SHARD, visible: '812:812:', system: 'unknown' }
    expect(parseShard(buildShard(idle))).to.deep.equal(idle)
  })

  it('rejects a value that is not an object', () => {
    expect(() => parseShard([1])).to.throw(ConnectorError)
  })
})
