import { expect } from 'chai'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { EXACT, NULLED, TRUNCATED } from './pg-type.ts'
import { isText, writeEscaped, writeNulled, writeString } from './text.ts'
import { written } from '../testing/written.ts'

describe('writeString', () => {
  it('escapes each control character, quote and backslash, at each position in a word of four bytes', () => {
    for (let byte = 1; byte < 0x80; byte++) {
      for (let place = 0; place < 9; place++) {
        const text = `${'a'.repeat(place)}${String.fromCharCode(byte)}${'b'.repeat(8 - place)}`
        expect(written(writeString, text)).to.deep.equal({
          json: JSON.stringify(text),
          outcome: EXACT,
        })
      }
    }
  })

  for (const text of [
    '',
    'a',
    '\u2028\u2029',
    '\u{1f600}\u{10ffff}',
    'é'.repeat(40_000),
    '\u0001'.repeat(70_000),
    '"'.repeat(65_537),
    'x'.repeat(200_000),
    `${'x'.repeat(65_535)}é`,
  ]) {
    it(`writes ${text.length} characters like JSON.stringify`, () => {
      const { json, outcome } = written(writeString, text)
      expect(json === JSON.stringify(text)).to.equal(true)
      expect(outcome).to.equal(EXACT)
    })
  }

  it('replaces bytes that are not UTF-8, and returns TRUNCATED', () => {
    const bytes = Buffer.from('caf\xe9 "\xff"', 'latin1')
    expect(written(writeString, bytes)).to.deep.equal({
      json: '"caf\ufffd \\"\ufffd\\""',
      outcome: TRUNCATED,
    })
  })

  it('replaces a sequence that is cut at the end of the value', () => {
    const { json, outcome } = written(writeString, Buffer.from('é').subarray(0, 1))
    expect(json).to.equal('"\ufffd"')
    expect(outcome).to.equal(TRUNCATED)
  })
})

describe('writeEscaped', () => {
  it('returns whether all bytes are ASCII, wherever the first other byte is', () => {
    for (let place = 0; place < 12; place++) {
      const bytes = Buffer.alloc(12, 'a')
      expect(writeEscaped(new ByteBuffer(1), bytes, 0, 12)).to.equal(true)
      bytes[place] = 0xe9
      expect(writeEscaped(new ByteBuffer(1), bytes, 0, 12)).to.equal(false)
    }
  })
})

describe('writeNulled', () => {
  it('writes null and returns NULLED', () => {
    expect(written(writeNulled, 'x')).to.deep.equal({ json: 'null', outcome: NULLED })
  })
})

describe('isText', () => {
  it('compares the whole text', () => {
    const bytes = Buffer.from('xNULLx')
    expect(isText(bytes, 1, 5, 'NULL')).to.equal(true)
    expect(isText(bytes, 1, 4, 'NULL')).to.equal(false)
    expect(isText(bytes, 0, 4, 'NULL')).to.equal(false)
  })
})
