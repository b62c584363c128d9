import { expect } from 'chai'
import { ident, literal } from './sql.ts'

describe('ident', () => {
  for (const [names, expected] of [
    [['t'], '"t"'],
    [['a', 'b'], '"a"."b"'],
    [['a.b'], '"a.b"'],
    [['a"b', 'c'], '"a""b"."c"'],
    [['"'], '""""'],
    [['Straße; DROP'], '"Straße; DROP"'],
    [['a\\b'], '"a\\b"'],
  ] as const) {
    it(`${names.join(' and ')} → ${expected}`, () => {
      expect(ident(...names)).to.equal(expected)
    })
  }
})

describe('literal', () => {
  for (const [value, expected] of [
    ['', "''"],
    ['a', "'a'"],
    ["O'Neil", "'O''Neil'"],
    ["''", "''''''"],
    ['a\\b', " E'a\\\\b'"],
    ["\\'", " E'\\\\'''"],
    ['a\nb', "'a\nb'"],
  ] as const) {
    it(`${JSON.stringify(value)} → ${JSON.stringify(expected)}`, () => {
      expect(literal(value)).to.equal(expected)
    })
  }
})
