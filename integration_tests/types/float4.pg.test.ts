import { expect } from 'chai'
import { Random } from '../../src/testing/random.ts'
import { float4Text } from '../../src/types/float/float4.ts'
import { TestDatabase } from '../helpers/database.ts'

const RANDOM_VALUES = 20_000
/** Mantissas at the limits of an exponent, where the rounding interval is not symmetric. */
const MANTISSAS = [0, 1, 2, 3, 0x40_0000, 0x7f_fffe, 0x7f_ffff]
const EXPONENTS = 255
const SEED = 4

function float4Of(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits >>> 0)
  return view.getFloat32(0)
}

/** Finite values: random ones, the limits of each exponent, ties, and common decimals. */
function values(): readonly number[] {
  const random = new Random(SEED)
  const all: number[] = [-0, 0.0001, 999_999.94, 1e6]
  for (let exponent = 0; exponent < EXPONENTS; exponent++) {
    for (const mantissa of MANTISSAS) all.push(float4Of((exponent << 23) | mantissa))
  }
  for (let index = 0; index < RANDOM_VALUES; index++) {
    all.push(float4Of(random.below(2 ** 32)), Math.fround(index / 100), 2 ** 21 + index / 4)
  }
  return all.filter((value) => Number.isFinite(value)).map(Math.fround)
}

describe('float4Text', () => {
  it('prints the same text as the server', async () => {
    await using database = await TestDatabase.create()
    const all = values()
    const rows = await database.sql(
      'SELECT value::float4 AS value FROM unnest($1::float8[]) WITH ORDINALITY AS v (value, place) ORDER BY place',
      [`{${all.map((value) => (Object.is(value, -0) ? '-0' : value)).join(',')}}`],
    )
    const wrong = all.flatMap((value, index) => {
      const [actual, expected] = [float4Text(value), rows[index]?.['value']]
      return actual === expected ? [] : [`${actual}, not ${expected}`]
    })
    expect(rows).to.have.length(all.length)
    expect(wrong.slice(0, 5)).to.deep.equal([])
  })
})
