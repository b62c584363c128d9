import { expect } from 'chai'
import { failsSaslprep } from './saslprep.ts'

describe('failsSaslprep', () => {
  for (const [password, expected] of [
    ['secret', false],
    ['\u0007 in ASCII', false],
    ['p\u00e4ssword', false],
    ['\ufb01 and \u00a0', false],
    ['\u00e4\u0007', true],
    ['caf\u00e9 \u{1f600}', true],
    ['\ue000 private', true],
    ['\u00ad', true],
    ['\u0627\u0628', false],
    ['\u0627 1 \u0628', false],
    ['\u0627a\u0628', true],
    ['\u0627 1', true],
    ['1 \u0628', true],
    ['\u0627', false],
  ] as const) {
    it(`${JSON.stringify(password)} → ${expected}`, () => {
      expect(failsSaslprep(password)).to.equal(expected)
    })
  }
})
