import { expect } from 'chai'
import {
  writeBitElement,
  writeBool,
  writeBoolText,
  writeBytea,
  writeByteaElement,
  writeJsonb,
  writeUuid,
  writeXml,
} from './bytes.ts'
import { EXACT, NULLED } from './pg-type.ts'
import { written } from '../testing/written.ts'

describe('writeBool', () => {
  it('writes one byte as true or false', () => {
    expect(written(writeBool, Buffer.from([1])).json).to.equal('true')
    expect(written(writeBool, Buffer.from([0])).json).to.equal('false')
  })

  for (const bytes of [[], [1, 0]]) {
    it(`rejects ${bytes.length} bytes`, () => {
      expect(() => written(writeBool, Buffer.from(bytes))).to.throw(RangeError, 'damaged')
    })
  }
})

describe('writeBoolText', () => {
  for (const [text, json, outcome] of [
    ['t', 'true', EXACT],
    ['f', 'false', EXACT],
    ['', 'null', NULLED],
    ['true', 'null', NULLED],
    ['x', 'null', NULLED],
  ] as const) {
    it(`${text || 'an empty value'} → ${json}`, () => {
      expect(written(writeBoolText, text)).to.deep.equal({ json, outcome })
    })
  }
})

describe('writeUuid', () => {
  it('writes lower-case hex digits in five groups', () => {
    const bytes = Buffer.from('A0EEBC999C0B4EF8BB6D6BB9BD380A11', 'hex')
    expect(written(writeUuid, bytes).json).to.equal('"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"')
  })

  it('rejects a value that is not 16 bytes long', () => {
    for (const size of [0, 15, 17]) {
      expect(() => written(writeUuid, Buffer.alloc(size))).to.throw(RangeError, 'damaged')
    }
  })
})

describe('writeBytea', () => {
  for (const [bytes, json] of [
    [Buffer.alloc(0), '"\\\\x"'],
    [Buffer.from([0x12, 0x34]), '"\\\\x1234"'],
    [Buffer.from([0, 0xff, 0x5c, 0x22]), '"\\\\x00ff5c22"'],
    [Buffer.alloc(70_000, 0xab), `"\\\\x${'ab'.repeat(70_000)}"`],
  ] as const) {
    it(`writes ${bytes.length} bytes as hex digits`, () => {
      expect(written(writeBytea, bytes).json).to.equal(json)
    })
  }
})

describe('writeByteaElement', () => {
  for (const size of [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 150_001]) {
    it(`writes ${size} bytes in base64`, () => {
      const bytes = Buffer.alloc(size, 'bytea')
      const { json } = written(writeByteaElement, `\\x${bytes.toString('hex')}`)
      expect(json).to.equal(`"${bytes.toString('base64')}"`)
    })
  }

  it('writes null for a text that does not begin with \\x', () => {
    expect(written(writeByteaElement, '1234')).to.deep.equal({ json: 'null', outcome: NULLED })
    expect(written(writeByteaElement, '\\')).to.deep.equal({ json: 'null', outcome: NULLED })
  })
})

describe('writeBitElement', () => {
  for (const [text, json] of [
    ['1', 'true'],
    ['0', 'false'],
    ['11', 'false'],
    ['', 'false'],
  ] as const) {
    it(`${text || 'an empty value'} → ${json}`, () => {
      expect(written(writeBitElement, text).json).to.equal(json)
    })
  }
})

describe('writeJsonb', () => {
  it('writes the text behind the version byte', () => {
    expect(written(writeJsonb, '\u0001{"a": 1}').json).to.equal('"{\\"a\\": 1}"')
  })

  it('rejects another version and a missing version', () => {
    expect(() => written(writeJsonb, '\u0002{}')).to.throw(RangeError, 'damaged')
    expect(() => written(writeJsonb, '')).to.throw(RangeError, 'damaged')
  })
})

describe('writeXml', () => {
  for (const [text, json] of [
    ['', '""'],
    ['<a/>', '"<a/>"'],
    ['<?xml version="1.0" standalone="yes"?><a/>', '"<a/>"'],
    ['<?xml version="1.1"?>\n<a/>', '"\\n<a/>"'],
    ['<?xml-stylesheet href="a"?><a/>', '"<?xml-stylesheet href=\\"a\\"?><a/>"'],
    ['<?xml ', '"<?xml "'],
    ['<?xm', '"<?xm"'],
  ] as const) {
    it(`${text || 'an empty value'} → ${json}`, () => {
      expect(written(writeXml, text)).to.deep.equal({ json, outcome: EXACT })
    })
  }
})
