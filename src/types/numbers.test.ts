import { expect } from 'chai'
import {
  expectBytes,
  moneyForms,
  writeFloat8,
  writeFloatText,
  writeInt2,
  writeInt4,
  writeInt8,
  writeNumberText,
  writeNumeric,
  writeOid,
} from './numbers.ts'
import { EXACT, NULLED } from './pg-type.ts'
import { double, int } from '../testing/bytes.ts'
import { written } from '../testing/written.ts'

const POSITIVE = 0x0000
const NEGATIVE = 0x4000

/**
 * Returns what numeric_send gives: number of digits, weight of the first digit, sign, display
 * scale, base-10000 digits.
 */
function numeric(weight: number, sign: number, scale: number, digits: readonly number[]): Buffer {
  return Buffer.concat([digits.length, weight, sign, scale, ...digits].map((part) => int(2, part)))
}

describe('expectBytes', () => {
  it('throws unless the sizes are equal', () => {
    expect(() => expectBytes(4, 4)).not.to.throw()
    expect(() => expectBytes(3, 4)).to.throw(RangeError, 'damaged COPY stream')
  })
})

for (const [name, write, size, values] of [
  ['writeInt2', writeInt2, 2, [-32_768, -1, 0, 9, 10, 32_767]],
  ['writeInt4', writeInt4, 4, [-2_147_483_648, -10_000, -1, 0, 9999, 10_000, 2_147_483_647]],
  ['writeOid', writeOid, 4, [0, 16_384, 3_000_000_000, 4_294_967_295]],
  [
    'writeInt8',
    writeInt8,
    8,
    [
      -9_223_372_036_854_775_808n,
      -9_223_372_036_854_775_807n,
      -9_007_199_254_740_993n,
      -9_007_199_254_740_992n,
      -4_294_967_296n,
      -1n,
      0n,
      4_294_967_295n,
      4_294_967_296n,
      9_007_199_254_740_991n,
      9_007_199_254_740_992n,
      9_007_199_254_740_993n,
      99_999_999_999_999_999n,
      1_000_000_000_000_000_000n,
      9_223_372_036_854_775_807n,
    ],
  ],
] as const) {
  describe(name, () => {
    for (const value of values) {
      it(`${value}`, () => {
        expect(written(write, int(size, value)).json).to.equal(String(value))
      })
    }

    it('rejects a value of another size', () => {
      expect(() => written(write, Buffer.alloc(size - 1))).to.throw(RangeError, 'damaged')
      expect(() => written(write, Buffer.alloc(size + 1))).to.throw(RangeError, 'damaged')
    })
  })
}

describe('writeInt8', () => {
  it('is exact for every power of two', () => {
    for (let bit = 0n; bit < 63n; bit++) {
      for (const value of [2n ** bit, 2n ** bit - 1n, -(2n ** bit) - 1n]) {
        expect(written(writeInt8, int(8, value)).json).to.equal(String(value))
      }
    }
  })
})

describe('writeFloat8', () => {
  for (const [value, json] of [
    [0, '0'],
    [-0, '-0'],
    [123, '123'],
    [-7, '-7'],
    [1e15, '1e+15'],
    [0.5, '0.5'],
    [1e-7, '1e-07'],
    [Number.NaN, '"NaN"'],
    [Infinity, '"Infinity"'],
    [-Infinity, '"-Infinity"'],
  ] as const) {
    it(`${value} → ${json}`, () => {
      expect(written(writeFloat8, double(value))).to.deep.equal({ json, outcome: EXACT })
    })
  }
})

describe('writeNumberText', () => {
  for (const text of ['0', '-0', '12', '-9223372036854775808', '0.001', '1e+10', '-1.5e-05']) {
    it(`writes ${text} unchanged`, () => {
      expect(written(writeNumberText, text)).to.deep.equal({ json: text, outcome: EXACT })
    })
  }

  for (const text of ['', '-', '.5', '5.', '01', '1e', '1e+', '+1', '0x10', 'NaN', '1 ', '--1']) {
    it(`${text || 'an empty value'} is not a JSON number: null, flagged in the outcome`, () => {
      expect(written(writeNumberText, text)).to.deep.equal({ json: 'null', outcome: NULLED })
    })
  }
})

describe('writeFloatText', () => {
  for (const [text, json, outcome] of [
    ['1.5', '1.5', EXACT],
    ['NaN', '"NaN"', EXACT],
    ['Infinity', '"Infinity"', EXACT],
    ['-Infinity', '"-Infinity"', EXACT],
    ['nan', 'null', NULLED],
  ] as const) {
    it(`${text} → ${json}`, () => {
      expect(written(writeFloatText, text)).to.deep.equal({ json, outcome })
    })
  }
})

describe('writeNumeric', () => {
  for (const [bytes, json] of [
    [numeric(0, POSITIVE, 0, []), '0'],
    [numeric(0, POSITIVE, 2, []), '0.00'],
    [numeric(0, NEGATIVE, 0, [1]), '-1'],
    [numeric(0, POSITIVE, 3, [33, 3450]), '33.345'],
    [numeric(1, POSITIVE, 0, [1]), '10000'],
    [numeric(1, POSITIVE, 4, [1, 0, 1]), '10000.0001'],
    [numeric(3, POSITIVE, 0, [1]), '1000000000000'],
    [numeric(-1, POSITIVE, 4, [1]), '0.0001'],
    [numeric(-1, POSITIVE, 1, [1000]), '0.1'],
    [numeric(-5, NEGATIVE, 20, [1]), '-0.00000000000000000001'],
    [numeric(-2, POSITIVE, 5, [1000]), '0.00001'],
    [numeric(0, POSITIVE, 1, [1, 5000]), '1.5'],
    [numeric(0, POSITIVE, 3, [1, 5000]), '1.500'],
    [numeric(32_767, POSITIVE, 0, [9]), `9${'0000'.repeat(32_767)}`],
  ] as const) {
    it(json.slice(0, 30), () => {
      expect(written(writeNumeric, bytes)).to.deep.equal({ json, outcome: EXACT })
    })
  }

  it('writes all of 1,000 digits', () => {
    const digits = Array.from({ length: 250 }, (_, index) => 1000 + index)
    const json = digits.join('')
    expect(written(writeNumeric, numeric(249, POSITIVE, 0, digits)).json).to.equal(json)
    expect(written(writeNumeric, numeric(-1, POSITIVE, 1000, digits)).json).to.equal(`0.${json}`)
  })

  for (const [name, sign] of [
    ['NaN', 0xc000],
    ['Infinity', 0xd000],
    ['-Infinity', 0xf000],
  ] as const) {
    it(`${name} is null`, () => {
      expect(written(writeNumeric, numeric(0, sign, 0, []))).to.deep.equal({
        json: 'null',
        outcome: NULLED,
      })
    })
  }

  it('rejects a value that is cut, too long or has a digit above 9999', () => {
    const whole = numeric(0, POSITIVE, 3, [33, 3450])
    for (let size = 0; size < whole.length; size++) {
      expect(() => written(writeNumeric, whole.subarray(0, size))).to.throw(RangeError, 'damaged')
    }
    const longer = Buffer.concat([whole, Buffer.alloc(1)])
    expect(() => written(writeNumeric, longer)).to.throw(RangeError, 'damaged')
    const above = numeric(0, POSITIVE, 0, [10_000])
    expect(() => written(writeNumeric, above)).to.throw(RangeError, 'damaged')
  })
})

describe('moneyForms', () => {
  for (const [scale, text, units, json] of [
    [2, '$0.00', 0n, '0.00'],
    [2, '$0.05', 5n, '0.05'],
    [2, '-$0.05', -5n, '-0.05'],
    [2, '($1,234.56)', -123_456n, '-1234.56'],
    [2, '1.234,56 €', 123_456n, '1234.56'],
    [2, '\u22121.234,56 kr.', -123_456n, '-1234.56'],
    [0, '¥1,234', 1234n, '1234'],
    [3, '1,234.567 KD', 1_234_567n, '1234.567'],
    [2, '-$92,233,720,368,547,758.08', -(2n ** 63n), '-92233720368547758.08'],
    [2, '$92,233,720,368,547,758.07', 2n ** 63n - 1n, '92233720368547758.07'],
  ] as const) {
    it(`${text} with ${scale} decimals → ${json}, from both forms`, () => {
      const { writeText, writeBinary } = moneyForms(scale)
      expect(written(writeText, text)).to.deep.equal({ json, outcome: EXACT })
      expect(writeBinary && written(writeBinary, int(8, units))).to.deep.equal({
        json,
        outcome: EXACT,
      })
    })
  }

  it('writes null for a text without digits', () => {
    expect(written(moneyForms(2).writeText, '$')).to.deep.equal({ json: 'null', outcome: NULLED })
  })
})
