/**
 * Upper limit, exclusive, of the values that PostgreSQL writes without an exponent; the lower limit
 * is 1e-4.
 */
const POSITIONAL_MAX = 1e15
const POSITIONAL_MIN = 1e-4
/** Lowest value for which a short decimal can be exactly halfway between two doubles. */
const HALFWAY_MIN = 2 ** 53
/** Biased exponent of doubles with a distance of 1. */
const EXPONENT_OF_ULP_1 = 1023 + 52
const MANTISSA_MASK = (1n << 52n) - 1n
const BITS = new DataView(new ArrayBuffer(8))

/**
 * A finite float8 as the server's `float8out` prints it: the shortest decimal strictly inside its
 * rounding interval, with an exponent of at least two digits below 1e-4 and from 1e15 on.
 * JavaScript also accepts the ends of that interval (5e-324 is the same in both, 1e23 is not), and
 * it has other limits for the exponent.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/common/d2s.c
 */
export function float8Text(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const magnitude = Math.abs(value)
  if (magnitude >= POSITIONAL_MIN && magnitude < POSITIONAL_MAX) return `${value}`
  if (magnitude === 0) return '0'
  const scientific = magnitude >= HALFWAY_MIN ? strictlyShortest(value) : value.toExponential()
  return scientific.replace(/e([+-])(\d)$/, 'e$10$2')
}

function strictlyShortest(value: number): string {
  for (let fractionDigits = 0; fractionDigits < 16; fractionDigits++) {
    const candidate = value.toExponential(fractionDigits)
    if (Number(candidate) === value && !isHalfway(candidate, value)) return trimZeros(candidate)
  }
  return value.toExponential(16)
}

/**
 * Whether `candidate` is exactly halfway between `value` and a neighbour. Both are integers:
 * |value| ≥ 2^53.
 */
function isHalfway(candidate: string, value: number): boolean {
  const distance = BigInt(value) - exactInteger(candidate)
  const quarters = 4n * (distance < 0n ? -distance : distance)
  BITS.setFloat64(0, value)
  const exponent = (BITS.getUint16(0) >> 4) & 0x7ff
  const ulp = 1n << BigInt(exponent - EXPONENT_OF_ULP_1)
  const isPowerOfTwo = (BITS.getBigUint64(0) & MANTISSA_MASK) === 0n
  return quarters === 2n * ulp || (isPowerOfTwo && quarters === ulp)
}

function exactInteger(scientific: string): bigint {
  const [mantissa = '', exponent = '0'] = scientific.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length)
}

function trimZeros(scientific: string): string {
  return scientific.replace(/\.?0+e/, 'e')
}
