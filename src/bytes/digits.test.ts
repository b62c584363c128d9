import { expect } from 'chai'
import { put2, put4, put6, put8, putQuad, putUint } from './digits.ts'

const view = new DataView(new ArrayBuffer(32))

function text(put: (target: DataView, at: number, value: number) => number, value: number): string {
  const end = put(view, 3, value)
  return Buffer.from(view.buffer, 3, end - 3).toString('latin1')
}

for (const [name, put, width, values] of [
  ['put2', put2, 2, [0, 9, 10, 99]],
  ['put4', put4, 4, [0, 9, 99, 100, 999, 1000, 9999]],
  ['put6', put6, 6, [0, 1, 9999, 10_000, 123_456, 999_999]],
  ['put8', put8, 8, [0, 1, 9999, 10_000, 12_345_678, 99_999_999]],
] as const) {
  describe(name, () => {
    for (const value of values) {
      it(`writes ${value} in ${width} digits`, () => {
        expect(text(put, value)).to.equal(String(value).padStart(width, '0'))
      })
    }
  })
}

describe('putQuad', () => {
  for (const value of [0, 1, 9, 10, 99, 100, 999, 1000, 9999]) {
    it(`writes ${value} without leading zeros`, () => {
      expect(text(putQuad, value)).to.equal(String(value))
    })
  }
})

describe('putUint', () => {
  for (let power = 0; power < 16; power++) {
    it(`writes the integers around 10^${power}`, () => {
      for (const value of [10 ** power - 1, 10 ** power, 10 ** power + 1]) {
        expect(text(putUint, value)).to.equal(String(value))
      }
    })
  }

  it('writes 2^53 - 1', () => {
    expect(text(putUint, Number.MAX_SAFE_INTEGER)).to.equal('9007199254740991')
  })
})
