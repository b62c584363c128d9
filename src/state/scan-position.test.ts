import { expect } from 'chai'
import { buildScan, parseScan } from './scan-position.ts'

const SCAN = { page: 4_294_967_295, tuple: 65_535, filenode: 4_294_967_295, leaf: '"a"."b"' }

describe('parseScan', () => {
  it('reads the result of buildScan, up to the limits of a tid', () => {
    expect(parseScan(buildScan(SCAN))).to.deep.equal(SCAN)
  })

  for (const [what, raw] of [
    ['a page beyond 32 bits', { ctid: '(4294967296,1)', relation_filenode: 5 }],
    ['an index beyond 16 bits', { ctid: '(1,65536)', relation_filenode: 5 }],
    ['no ctid', { relation_filenode: 5 }],
    ['text', { ctid: '(1,1', relation_filenode: 5 }],
    ['no file', { ctid: '(1,1)' }],
    ['a file that is no oid', { ctid: '(1,1)', relation_filenode: 1.5 }],
  ] as const) {
    it(`${what} → null`, () => expect(parseScan(raw)).to.equal(null))
  }
})
