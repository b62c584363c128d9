import { expect } from 'chai'
import { isBeforeChrist, putDate, putTime, timeDecimals } from './calendar.ts'

const DAY_MS = 86_400_000
const EPOCH_MS = Date.UTC(2000, 0, 1)
const view = new DataView(new ArrayBuffer(32))

function text(put: (at: number) => number): string {
  const end = put(2)
  return Buffer.from(view.buffer, 2, end - 2).toString('latin1')
}

function dateText(days: number): string {
  return text((at) => putDate(view, at, days))
}

describe('putDate', () => {
  for (const [days, expected] of [
    [0, '2000-01-01'],
    [-1, '1999-12-31'],
    [59, '2000-02-29'],
    [60, '2000-03-01'],
    [-36_524, '1900-01-01'],
    [-730_119, '0001-01-01'],
    [-730_120, '0001-12-31'],
    [2_921_939, '9999-12-31'],
    [2_921_940, '10000-01-01'],
    [-2_451_545, '4714-11-24'],
    [2_145_031_948, '5874897-12-31'],
  ] as const) {
    it(`${days} → ${expected}`, () => {
      expect(dateText(days)).to.equal(expected)
    })
  }

  it('writes the same dates as Date over 2,800 years, in any order of days', () => {
    for (let days = -500_000, step = 1; days < 500_000; days += step = (step * 7) % 211) {
      const date = new Date(EPOCH_MS + days * DAY_MS)
      expect(dateText(days)).to.equal(date.toISOString().slice(0, 10))
      expect(dateText(days + 4096)).not.to.equal(dateText(days))
    }
  })
})

describe('isBeforeChrist', () => {
  it('is true up to the last day of 1 BC', () => {
    expect(isBeforeChrist(-730_120)).to.equal(true)
    expect(isBeforeChrist(-730_119)).to.equal(false)
  })
})

describe('putTime', () => {
  for (const [micros, decimals, expected] of [
    [0, 0, '00:00:00'],
    [0, 6, '00:00:00.000000'],
    [86_399_999_999, 6, '23:59:59.999999'],
    [46_801_010_000, 3, '13:00:01.010'],
    [46_805_012_340, 6, '13:00:05.012340'],
    [1, 6, '00:00:00.000001'],
    [999_000, 3, '00:00:00.999'],
  ] as const) {
    it(`${micros} with ${decimals} decimals → ${expected}`, () => {
      expect(text((at) => putTime(view, at, micros, decimals))).to.equal(expected)
    })
  }
})

describe('timeDecimals', () => {
  for (const [micros, expected] of [
    [0, 6],
    [60_000_000, 6],
    [1_000_000, 0],
    [500_000, 3],
    [60_500_000, 3],
    [1, 6],
    [1001, 6],
    [86_399_000_000, 0],
  ] as const) {
    it(`${micros} → ${expected}`, () => {
      expect(timeDecimals(micros)).to.equal(expected)
    })
  }
})
