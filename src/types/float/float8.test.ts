import { expect } from 'chai'
import { float8Text } from './float8.ts'

describe('float8Text', () => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.000_099_9, '9.99e-05'],
    [999_999_999_999_999, '999999999999999'],
    [999_999_999_999_999.9, '999999999999999.9'],
    [1e15, '1e+15'],
    [-1.5e15, '-1.5e+15'],
    [1e22, '1e+22'],
    [1e23, '9.999999999999999e+22'],
    [-1e23, '-9.999999999999999e+22'],
    [9_007_199_254_740_992, '9.007199254740992e+15'],
    [2 ** 63, '9.223372036854776e+18'],
    [5e-324, '5e-324'],
    [2.225_073_858_507_201_4e-308, '2.2250738585072014e-308'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [1e100, '1e+100'],
    [1e-9, '1e-09'],
  ] as const) {
    it(`${value} → ${text}`, () => {
      expect(float8Text(value)).to.equal(text)
    })
  }

  it('prints a text that is parsed to the same double', () => {
    for (let power = -320; power < 308; power++) {
      for (const digits of ['1', '2.5', '9.999999999999999', '-7.3']) {
        const value = Number(`${digits}e${power}`)
        expect(Number(float8Text(value))).to.equal(value)
      }
    }
  })
})
