import { MINUS, POINT, ZERO } from '../../bytes/ascii.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { put8 } from '../../bytes/digits.ts'

const MIN = 1e-4
const MAX = 1e15
/** Any two decimals with at most this many digits identify different doubles. */
const UNIQUE_DIGITS = 15
/**
 * Number of digits that are enough to identify every double. They are held in two numbers of eight
 * and nine digits.
 */
const DIGITS = 17
const LOW_UNIT = 1e9
const EXPONENT_BIAS = 1023
const MANTISSA_BITS = 52
/** Range of the binades from MIN to MAX, as biased exponents. */
const FIRST_BINADE = EXPONENT_BIAS - 14
const BINADES = 64
/** A value closer than this to a limit cannot be decided with doubles. */
const MARGIN = 1e-6
/** Maximum length: a sign, `0.`, three zeros and the digits. */
const MAX_BYTES = 32
const LEAST_POWER = -4
/**
 * Powers of ten from 1e-4 on, and their upper halves after Veltkamp's split. The powers without a
 * negative exponent are exact.
 */
const POWERS = Float64Array.from({ length: 26 }, (_, index) => Number(`1e${index + LEAST_POWER}`))
const POWER_HEADS = POWERS.map(headOf)
/**
 * By binade: the decimal exponent of its first value, and half of the distance between its values.
 */
const EXPONENTS = Int8Array.from({ length: BINADES }, (_, index) =>
  Math.floor(Math.log10(2 ** (index + FIRST_BINADE - EXPONENT_BIAS))),
)
const HALF_ULPS = Float64Array.from(
  { length: BINADES },
  (_, index) => 2 ** (index + FIRST_BINADE - EXPONENT_BIAS - MANTISSA_BITS - 1),
)

/**
 * Appends a float8 from 1e-4 to 1e15 with a fraction as the shortest decimal that identifies it,
 * and the nearest of several: the text of `${value}`, in a third of the time.
 * @param binade biased exponent of the value.
 * @returns false if the value is out of range, or needs more than doubles to be decided; then
 * nothing is appended.
 */
export function putPositional(out: ByteBuffer, value: number, binade: number): boolean {
  const magnitude = Math.abs(value)
  if (!(magnitude >= MIN && magnitude < MAX)) return false
  const least = EXPONENTS[binade - FIRST_BINADE]!
  const exponent = magnitude >= POWERS[least + 1 - LEAST_POWER]! ? least + 1 : least
  const unit = POWERS[UNIQUE_DIGITS - 1 - exponent - LEAST_POWER]!
  const rounded = Math.round(magnitude * unit)
  // Both are exact, so the quotient is the double that this decimal identifies
  if (rounded / unit !== magnitude) {
    return putLong(out, value, { magnitude, exponent, halfUlp: HALF_ULPS[binade - FIRST_BINADE]! })
  }
  const high = Math.floor(rounded / 1e7)
  putDecimal(out, value < 0, { high, low: (rounded - high * 1e7) * 100, exponent })
  return true
}

interface Parts {
  readonly magnitude: number
  readonly exponent: number
  readonly halfUlp: number
}

/**
 * Appends 16 digits if they are enough, otherwise 17. The magnitude, scaled to 17 digits before the
 * point, is exactly `product` + `error`: T. J. Dekker, A floating-point technique for extending the
 * available precision (1971).
 */
function putLong(out: ByteBuffer, value: number, { magnitude, exponent, halfUlp }: Parts): boolean {
  const index = DIGITS - 1 - exponent - LEAST_POWER
  const scale = POWERS[index]!
  const product = magnitude * scale
  const head = headOf(magnitude)
  const tail = magnitude - head
  const scaleHead = POWER_HEADS[index]!
  const scaleTail = scale - scaleHead
  const error = head * scaleHead - product + head * scaleTail + tail * scaleHead + tail * scaleTail
  let high = Math.floor(product / LOW_UNIT)
  let low = product - high * LOW_UNIT
  const tens = Math.floor(low / 10) * 10
  const rest = low - tens + error
  const nearestTen = Math.round(rest / 10) * 10
  const nearest = Math.round(rest)
  const distance = Math.abs(rest - nearestTen)
  const limit = halfUlp * scale
  const isClose =
    Math.abs(distance - limit) < MARGIN ||
    Math.abs(distance - 5) < MARGIN ||
    Math.abs(Math.abs(rest - nearest) - 0.5) < MARGIN
  if (isClose) return false
  low = tens + (distance < limit ? nearestTen : nearest)
  if (low < 0) {
    high--
    low += LOW_UNIT
  } else if (low >= LOW_UNIT) {
    high++
    low -= LOW_UNIT
  }
  putDecimal(out, value < 0, { high, low, exponent })
  return true
}

/** Returns the upper half of the bits. Products of halves are exact. */
function headOf(value: number): number {
  const scaled = (2 ** 27 + 1) * value
  return scaled - (scaled - value)
}

interface Decimal {
  /** The first eight digits, and the following nine. */
  readonly high: number
  readonly low: number
  /** Decimal exponent of the first digit. */
  readonly exponent: number
}

function putDecimal(out: ByteBuffer, isNegative: boolean, { high, low, exponent }: Decimal): void {
  out.reserve(MAX_BYTES)
  const target = out.view
  let at = out.length
  if (isNegative) target.setUint8(at++, MINUS)
  const first = Math.floor(low / 1e8)
  const zeros = exponent < 0 ? 1 - exponent : 1
  for (let i = 0; i < zeros; i++) target.setUint8(at + i, ZERO)
  let end = put8(target, at + zeros, high)
  target.setUint8(end, ZERO + first)
  end = put8(target, end + 1, low - first * 1e8)
  // Digits before the point are moved to make room for it
  const point = exponent < 0 ? at + 1 : at + 1 + exponent
  for (let i = at; i < point; i++) target.setUint8(i, target.getUint8(i + 1))
  target.setUint8(point, POINT)
  while (target.getUint8(end - 1) === ZERO) end--
  out.length = end
}
