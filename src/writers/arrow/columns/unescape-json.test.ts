import { expect } from 'chai'
import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import { writeString } from '../../../types/text.ts'
import { unescapeJson } from './unescape-json.ts'

describe('unescapeJson', () => {
  const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join('')
  for (const text of ['', 'plain', '"', '\\', '\\x1234', 'a"b\\c/d', controls, 'ü\u2028🦣\\']) {
    it(`reverses the escapes of writeString for ${JSON.stringify(text)}`, () => {
      const json = new ByteBuffer(8)
      const bytes = Buffer.from(text)
      writeString(json, bytes, 0, bytes.length)
      const out = new ByteBuffer(8)
      unescapeJson(out, json.bytes, 1, json.length - 1)
      expect(out.bytes.toString('utf8', 0, out.length)).to.equal(text)
    })
  }
})
