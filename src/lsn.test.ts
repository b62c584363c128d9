import { expect } from 'chai'
import { formatLsn, parseLsn } from './lsn.ts'

describe('parseLsn and formatLsn', () => {
  for (const [text, lsn] of [
    ['0/0', 0n],
    ['0/1', 1n],
    ['0/FFFFFFFF', 2n ** 32n - 1n],
    ['1/0', 2n ** 32n],
    ['16/B374D848', 97500059720n],
    ['200000/0', 2n ** 53n],
    ['FFFFFFFF/FFFFFFFF', 2n ** 64n - 1n],
  ] as const) {
    it(`${text} is ${lsn}`, () => {
      expect(parseLsn(text)).to.equal(lsn)
      expect(formatLsn(lsn)).to.equal(text)
    })
  }

  it('accepts lower case and leading zeros', () => {
    expect(parseLsn('00000016/0b374d84')).to.equal(parseLsn('16/B374D84'))
  })

  for (const text of ['', '0', '/', '0/', '/0', '0/G', '0/123456789', '0/0 ', '-1/0']) {
    it(`${JSON.stringify(text)} is not an LSN`, () => {
      expect(() => parseLsn(text)).to.throw(RangeError, 'not an LSN')
    })
  }

  for (const lsn of [-1n, 2n ** 64n]) {
    it(`${lsn} is not an LSN`, () =>
      expect(() => formatLsn(lsn)).to.throw(RangeError, 'not an LSN'))
  }
})
