import { expect } from 'chai'
import { locateJsonError } from './json-error.ts'

describe('locateJsonError', () => {
  for (const [text, line, column] of [
    ['x', 1, 1],
    ['{"a": x}', 1, 7],
    ['{"a" 1}', 1, 6],
    ['{"a":1,}', 1, 8],
    ["{'a':1}", 1, 2],
    ['[1,]', 1, 4],
    ['[1 2]', 1, 4],
    ['[01]', 1, 3],
    ['[1', 1, 3],
    ['{"a":"b', 1, 6],
    ['["\\x"]', 1, 2],
    ['["a\tb"]', 1, 2],
    ['[1}', 1, 3],
    ['{"a":[]]', 1, 8],
    ['{}\n{}', 2, 1],
    ['{\n  "a": 1,\n  "b": tru\n}', 3, 8],
    ['{\r\n "a": 1,\r\n b}', 3, 2],
    ['{"a":{"b":[true,null,-1.5e+3,"\\u00e9"]},"c":}', 1, 45],
  ] as const) {
    it(`${JSON.stringify(text)} → ${line}:${column}`, () => {
      expect(() => JSON.parse(text) as unknown).to.throw(SyntaxError)
      expect(locateJsonError(text)).to.deep.equal({ line, column })
    })
  }

  it('accepts deep nesting and long strings', () => {
    expect(locateJsonError('['.repeat(100_000) + '}').column).to.equal(100_001)
    expect(locateJsonError(`["${'x'.repeat(5_000_000)}" 1]`).column).to.equal(5_000_005)
  })
})
