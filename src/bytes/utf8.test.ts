import { expect } from 'chai'
import { isUtf8 } from 'node:buffer'
import { isValidUtf8, replaceInvalidUtf8 } from './utf8.ts'

/** Lowest and highest bytes of the ranges that are valid at each position of a sequence. */
const BORDERS = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
]

describe('isValidUtf8', () => {
  it('agrees with Node.js for all sequences of four of these bytes', () => {
    const bytes = Buffer.alloc(6, 0x20)
    for (let number = 0; number < BORDERS.length ** 4; number++) {
      for (let place = 0, rest = number; place < 4; place++) {
        bytes[place + 1] = BORDERS[rest % BORDERS.length]!
        rest = Math.floor(rest / BORDERS.length)
      }
      if (isValidUtf8(bytes, 1, 5) !== isUtf8(bytes.subarray(1, 5))) {
        expect.fail(bytes.toString('hex'))
      }
    }
  })

  it('rejects a sequence that continues after the end', () => {
    const bytes = Buffer.from('é€\u{1f600}')
    for (let end = 0; end <= bytes.length; end++) {
      expect(isValidUtf8(bytes, 0, end)).to.equal([0, 2, 5, 9].includes(end))
    }
  })

  it('validates long text', () => {
    const bytes = Buffer.from('é'.repeat(1000))
    expect(isValidUtf8(bytes, 0, bytes.length)).to.equal(true)
    expect(isValidUtf8(bytes, 1, bytes.length)).to.equal(false)
  })
})

describe('replaceInvalidUtf8', () => {
  for (const [hex, text] of [
    ['', ''],
    ['61', 'a'],
    ['ff', '\ufffd'],
    ['61ff62', 'a\ufffdb'],
    ['e282', '\ufffd'],
    ['eda080', '\ufffd\ufffd\ufffd'],
    ['efbbbf61', '\ufeffa'],
    ['c3a9', 'é'],
  ] as const) {
    it(`${hex || 'an empty value'} → ${JSON.stringify(text)}`, () => {
      const bytes = Buffer.from(`41${hex}41`, 'hex')
      expect(replaceInvalidUtf8(bytes, 1, bytes.length - 1).toString()).to.equal(text)
    })
  }

  it('gives the same result across block boundaries', () => {
    for (const before of [65_533, 65_534, 65_535, 65_536]) {
      const bytes = Buffer.concat([
        Buffer.alloc(before, 'x'),
        Buffer.from('\u{1f600}'),
        Buffer.from([0xff]),
      ])
      const text = replaceInvalidUtf8(bytes, 0, bytes.length).toString()
      expect(text).to.equal(`${'x'.repeat(before)}\u{1f600}\ufffd`)
    }
  })
})
