import { expect } from 'chai'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { putPositional } from './positional.ts'

const BITS = new DataView(new ArrayBuffer(8))
const ROUNDS = 100_000

/** Returns the appended text; null if nothing was appended. */
function written(value: number): string | null {
  const out = new ByteBuffer(1)
  BITS.setFloat64(0, value)
  if (!putPositional(out, value, (BITS.getUint16(0) >> 4) & 0x7ff)) return null
  return out.bytes.toString('latin1', 0, out.length)
}

/** Returns the double that is `steps` doubles away. */
function neighbour(value: number, steps: number): number {
  BITS.setFloat64(0, value)
  BITS.setBigInt64(0, BITS.getBigInt64(0) + BigInt(steps))
  return BITS.getFloat64(0)
}

/**
 * Yields pseudo-random numbers from 0 to 1 with a fixed seed:
 * https://en.wikipedia.org/wiki/Linear_congruential_generator
 */
function* numbers(count: number): Generator<number> {
  let state = 42
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

function expectShortest(values: Iterable<number>): void {
  let undecided = 0
  let count = 0
  for (const value of values) {
    if (Number.isInteger(value) || Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15) continue
    count++
    const text = written(value)
    if (text === null) undecided++
    else if (text !== `${value}`) expect(text).to.equal(`${value}`)
  }
  expect(count).to.be.above(1000)
  expect(undecided / count, 'undecided').to.be.below(0.1)
}

describe('putPositional', () => {
  for (const value of [
    0.5,
    0.1,
    -0.1,
    0.3,
    12.25,
    1e-4,
    1.1e-4,
    0.001,
    0.012_345,
    2 / 3,
    1 / 7,
    100.5,
    123_456.789,
    0.000_123_456_789_012_345_67,
    99_999_999_999_999.97,
    4_503_599_627_370_495.5 / 8,
  ]) {
    it(`${value}`, () => {
      expect(written(value)).to.equal(`${value}`)
      expect(written(-value)).to.equal(`${-value}`)
    })
  }

  for (const value of [0, 9e-5, 1e15, 1e300, 5e-324, Number.NaN, Infinity, -Infinity]) {
    it(`appends nothing for ${value}`, () => {
      expect(written(value)).to.equal(null)
    })
  }

  it('prints values of every size and with random bits like JavaScript', () => {
    const random = [...numbers(ROUNDS)]
    expectShortest(random.map((number, i) => (number + 0.1) * 2 ** ((i % 63) - 13)))
    expectShortest(random.map((number, i) => Math.sqrt(number * 10 ** (i % 20))))
  })

  it('prints decimals of every length like JavaScript', () => {
    const random = [...numbers(ROUNDS)]
    expectShortest(
      random.map((number, i) => Number((number * 10 ** (i % 19) * 1e-4).toPrecision((i % 17) + 1))),
    )
  })

  it('prints values around the powers of ten and of two like JavaScript', () => {
    const steps = Array.from({ length: 401 }, (_, index) => index - 200)
    const tens = Array.from({ length: 19 }, (_, index) => Number(`1e${index - 4}`))
    const twos = Array.from({ length: 62 }, (_, index) => 2 ** (index - 13))
    const around = (value: number): number[] => steps.map((step) => neighbour(value, step))
    expectShortest(tens.flatMap(around))
    expectShortest(twos.flatMap(around))
  })
})
