import { expect } from 'chai'
import { ByteBuffer } from '../protocol/byte-buffer.ts'
import { writeUuid } from '../types/bytes.ts'
import { appendText, appendUnquoted } from './append-text.ts'

describe('appendText', () => {
  for (const text of ['', 'a', 'abcd', 'abcdefg', 'Zoë', '🦣', 'x'.repeat(300), 'ü'.repeat(200)]) {
    it(`copies ${JSON.stringify(text.slice(0, 12))} of ${text.length}`, () => {
      const out = new ByteBuffer(4)
      out.latin1('before')
      const bytes = Buffer.from(`<${text}>`)
      expect(appendText(out, bytes, 1, bytes.length - 1)).to.equal(true)
      expect(out.bytes.toString('utf8', 0, out.length)).to.equal(`before${text}`)
    })
  }

  for (const hex of ['ff', '61c3', 'c328', `${'61'.repeat(300)}ff`]) {
    it(`repairs ${hex.slice(0, 8)}`, () => {
      const out = new ByteBuffer(4)
      const bytes = Buffer.from(hex, 'hex')
      expect(appendText(out, bytes, 0, bytes.length)).to.equal(false)
      const expected = new TextDecoder().decode(bytes)
      expect(out.bytes.toString('utf8', 0, out.length)).to.equal(expected)
    })
  }
})

describe('appendUnquoted', () => {
  it('leaves what is before it as it is', () => {
    const out = new ByteBuffer(4)
    const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    for (let i = 0; i < 3; i++) appendUnquoted(out, writeUuid, { bytes, start: 0, end: 16 })
    const text = out.bytes.toString('latin1', 0, out.length)
    expect(text).to.equal('00112233-4455-6677-8899-aabbccddeeff'.repeat(3))
  })
})
