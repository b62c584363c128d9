import { expect } from 'chai'
import { quoteInexactNumbers } from './exact-json.ts'

describe('quoteInexactNumbers', () => {
  for (const [text, expected] of [
    ['{"id":42,"x":-1.5e3}', '{"id":42,"x":-1.5e3}'],
    ['{"id":9007199254740993}', '{"id":"9007199254740993"}'],
    ['{"id":9007199254740992}', '{"id":9007199254740992}'],
    ['[-9223372036854775808]', '["-9223372036854775808"]'],
    ['["9223372036854775807"]', '["9223372036854775807"]'],
    ['{"a\\"1":"\\\\","b":0.12345678901234567}', '{"a\\"1":"\\\\","b":"0.12345678901234567"}'],
  ] as const) {
    it(`${text} → ${expected}`, () => expect(quoteInexactNumbers(text)).to.equal(expected))
  }
})
