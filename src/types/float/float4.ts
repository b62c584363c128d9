import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import { expectBytes } from '../numbers.ts'
import { EXACT, type Outcome } from '../pg-type.ts'

/** The server writes a float4 without an exponent from 1e-4 to below 1e6. */
const MIN_EXPONENT = -4
const END_EXPONENT = 6
/**
 * FLT_DIG: the rounding interval of a normal float4 contains at most one decimal with this many
 * digits.
 */
const SURE_DIGITS = 6
const MIN_NORMAL = 2 ** -126
/** Number of digits that are enough to identify any float4. */
const MAX_DIGITS = 9
/** More digits than a float4 can have after a tie, except for zeros. */
const EXACT_DIGITS = 40
const TIE = /^\.?50*e/
const BITS = new DataView(new ArrayBuffer(4))

/**
 * float4, binary: 4 bytes → the shortest digits that identify the value; NaN and infinities are
 * JSON strings.
 */
export function writeFloat4(out: ByteBuffer, bytes: Buffer, start: number, end: number): Outcome {
  expectBytes(end - start, 4)
  const value = viewOf(bytes).getFloat32(start)
  out.latin1(Number.isFinite(value) ? float4Text(value) : `"${value}"`)
  return EXACT
}

/**
 * A finite float4 as the server's `float4out` prints it: the shortest decimal strictly inside its
 * rounding interval.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/common/f2s.c
 */
export function float4Text(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const digits = shortest(value)
  const exponent = Number(digits.slice(digits.indexOf('e') + 1))
  if (exponent >= MIN_EXPONENT && exponent < END_EXPONENT) return `${Number(digits)}`
  return digits.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Returns the shortest decimal in scientific notation. */
function shortest(value: number): string {
  const isNormal = Math.abs(value) >= MIN_NORMAL
  for (let count = isNormal ? SURE_DIGITS : 1; count < MAX_DIGITS; count++) {
    const closest = roundedToEven(value, count)
    if (isInside(closest, value)) return closest.replace(/(\.\d*?)0+e/, '$1e').replace('.e', 'e')
    // Below a power of two the interval is half as wide: the closest decimal may be outside while
    // the one above is inside
    const above = nextAbove(closest)
    if (above !== null && isInside(above, value)) return above
  }
  return roundedToEven(value, MAX_DIGITS)
}

/** Rounds to an even digit on a tie, like the server; JavaScript rounds a tie up. */
function roundedToEven(value: number, count: number): string {
  const rounded = value.toExponential(count - 1)
  const length = rounded.indexOf('e')
  const digit = Number(rounded[length - 1])
  if (digit % 2 === 0) return rounded
  const isTie = TIE.test(value.toExponential(count + EXACT_DIGITS).slice(length))
  return isTie ? rounded.replace(/\de/, `${digit - 1}e`) : rounded
}

/** Adds one to the last digit; null: that digit is 9. */
function nextAbove(decimal: string): string | null {
  const at = decimal.indexOf('e') - 1
  const digit = Number(decimal[at])
  return digit === 9 ? null : `${decimal.slice(0, at)}${digit + 1}${decimal.slice(at + 1)}`
}

/**
 * Whether a decimal is strictly inside the rounding interval. A double holds the midpoint of two
 * floats exactly.
 */
function isInside(decimal: string, value: number): boolean {
  const parsed = Number(decimal)
  if (Math.fround(parsed) !== value) return false
  BITS.setFloat32(0, value)
  const isAway = Math.abs(parsed) > Math.abs(value)
  BITS.setInt32(0, BITS.getInt32(0) + (isAway ? 1 : -1))
  return parsed === value || parsed !== (value + BITS.getFloat32(0)) / 2
}
