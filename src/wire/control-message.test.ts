import { expect } from 'chai'
import { message } from '../testing/bytes.ts'
import { isControlMessage } from './control-message.ts'

/** Checks the message between other bytes, like in a socket chunk. */
function isOne(type: string, body: string): boolean {
  const bytes = Buffer.concat([Buffer.from('x\0'), message(type, body), Buffer.from('\0y\0')])
  return isControlMessage(bytes, 2, 7 + body.length)
}

describe('isControlMessage', () => {
  for (const [name, type, body] of [
    ['NotificationResponse', 'A', '\0\0\0\u0001channel\0payload\0'],
    ['CommandComplete', 'C', 'COPY 5\0'],
    ['ErrorResponse', 'E', 'SERROR\0C22012\0Mdivision by zero\0\0'],
    ['NoticeResponse', 'N', 'SNOTICE\0\0'],
    ['CopyOutResponse', 'H', '\u0001\0\u0002\0\u0001\0\u0001'],
    ['CopyOutResponse without columns', 'H', '\u0001\0\0'],
    ['CopyBothResponse', 'W', '\0\0\0'],
    ['ParameterStatus', 'S', 'TimeZone\0UTC\0'],
    ['ReadyForQuery', 'Z', 'I'],
    ['CopyDone', 'c', ''],
  ] as const) {
    it(`accepts ${name}, but not with one byte more or less`, () => {
      expect(isOne(type, body)).to.equal(true)
      for (let size = 0; size < body.length; size++) {
        expect(isOne(type, body.slice(0, size)), `${size} bytes`).to.equal(false)
      }
      expect(isOne(type, `${body}x`)).to.equal(false)
    })
  }

  for (const [type, body] of [
    ['Z', 'X'],
    ['C', 'COPY\0 5\0'],
    ['S', 'a\0b\0c\0'],
    ['D', '\0\0'],
    ['T', '\0\0'],
    ['d', 'x'],
    ['\0', ''],
  ] as const) {
    it(`rejects ${JSON.stringify(type + body)}`, () => {
      expect(isOne(type, body)).to.equal(false)
    })
  }
})
