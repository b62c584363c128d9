import { expect } from 'chai'
import {
  endsWithBc,
  findDateEnd,
  findOffset,
  MALFORMED,
  parseMicros,
  parseOffset,
} from './time-text.ts'

function of<Result>(
  find: (bytes: Buffer, start: number, end: number) => Result,
  text: string,
): Result {
  const bytes = Buffer.from(`12${text}:34`)
  return find(bytes, 2, 2 + Buffer.byteLength(text))
}

describe('parseMicros', () => {
  for (const [text, micros] of [
    ['00:00:00', 0],
    ['00:00:00.000001', 1],
    ['13:00:01.01', 46_801_010_000],
    ['23:59:59.999999', 86_399_999_999],
    ['24:00:00', 86_400_000_000],
    ['08', 28_800_000_000],
    ['05:30', 19_800_000_000],
    ['', MALFORMED],
    ['1x:00:00', MALFORMED],
    ['10:00:00:00', MALFORMED],
    ['10:00.5', MALFORMED],
    ['10:00:00.1.2', MALFORMED],
    ['10:00:00.1234567', MALFORMED],
    ['-10:00:00', MALFORMED],
  ] as const) {
    it(`${text || 'an empty text'} → ${micros}`, () => {
      expect(of(parseMicros, text)).to.equal(micros)
    })
  }
})

describe('parseOffset', () => {
  for (const [text, seconds] of [
    ['+00', 0],
    ['-07', -25_200],
    ['+05:30', 19_800],
    ['-00:00:30', -30],
    ['+01:02:03', 3723],
    ['+', null],
    ['+x', null],
  ] as const) {
    it(`${text} → ${seconds}`, () => {
      expect(of(parseOffset, text)).to.equal(seconds)
    })
  }
})

describe('findOffset', () => {
  it('returns the position of either sign, or the end', () => {
    expect(of(findOffset, '10:00:00+01')).to.equal(10)
    expect(of(findOffset, '10:00:00-01')).to.equal(10)
    expect(of(findOffset, '10:00:00')).to.equal(10)
  })
})

describe('findDateEnd', () => {
  for (const [text, end] of [
    ['2004-10-19 10', 12],
    ['294276-12-31 10', 14],
    ['2004-10-19', MALFORMED],
    ['infinity', MALFORMED],
    ['-infinity', MALFORMED],
    [' 10', MALFORMED],
  ] as const) {
    it(`${text} → ${end}`, () => {
      expect(of(findDateEnd, text)).to.equal(end)
    })
  }
})

describe('endsWithBc', () => {
  it('compares the last three characters', () => {
    expect(of(endsWithBc, '0044-03-15 BC')).to.equal(true)
    expect(of(endsWithBc, '2044-03-15')).to.equal(false)
    expect(of(endsWithBc, ' BC')).to.equal(false)
  })
})
