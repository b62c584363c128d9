import { expect } from 'chai'
import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import { appendText } from './append-text.ts'

describe('appendText', () => {
  for (const text of ['', 'a', 'abcd', 'abcdefg', 'Zoë', '🦣', 'x'.repeat(300), 'ü'.repeat(200)]) {
    it(`copies ${JSON.stringify(text.slice(0, 12))} with ${text.length} characters`, () => {
      const out = new ByteBuffer(4)
      out.latin1('before')
      const bytes = Buffer.from(`<${text}>`)
      expect(appendText(out, bytes, 1, bytes.length - 1)).to.equal(true)
      expect(out.bytes.toString('utf8', 0, out.length)).to.equal(`before${text}`)
    })
  }

  for (const hex of ['ff', '61c3', 'c328', `${'61'.repeat(300)}ff`]) {
    it(`replaces invalid bytes in ${hex.slice(0, 8)}`, () => {
      const out = new ByteBuffer(4)
      const bytes = Buffer.from(hex, 'hex')
      expect(appendText(out, bytes, 0, bytes.length)).to.equal(false)
      const expected = new TextDecoder().decode(bytes)
      expect(out.bytes.toString('utf8', 0, out.length)).to.equal(expected)
    })
  }
})
