import { expect } from 'chai'
import { isValues, withoutBlanks } from './values.ts'

describe('isValues', () => {
  for (const [value, expected] of [
    [{}, true],
    [null, false],
    [[], false],
    ['text', false],
    [undefined, false],
  ] as const) {
    it(`${JSON.stringify(value)} → ${expected}`, () => expect(isValues(value)).to.equal(expected))
  }
})

describe('withoutBlanks', () => {
  for (const [value, expected] of [
    [{ a: null, b: '', c: 'x' }, { c: 'x' }],
    [
      { a: 0, b: false },
      { a: 0, b: false },
    ],
    [{ a: ' ' }, { a: ' ' }],
    [{ a: ['x', '', ' ', null, 'x', 'y'] }, { a: ['x', 'y'] }],
    [{ a: [], b: [''], c: {} }, {}],
    [{ a: { b: '', c: { d: null } } }, {}],
    [{ a: { b: '', c: 1 } }, { a: { c: 1 } }],
  ] as const) {
    it(`${JSON.stringify(value)} → ${JSON.stringify(expected)}`, () => {
      expect(withoutBlanks(value)).to.deep.equal(expected)
    })
  }

  it('treats __proto__ as an ordinary key', () => {
    const values: unknown = JSON.parse('{"__proto__":{"host":"h"}}')
    if (!isValues(values)) throw new Error('not an object')
    expect(withoutBlanks(values)['host']).to.equal(undefined)
  })
})
