import { put8, putInt } from './digits'
import { HANDED_BACK } from './op'

/** /* The same arithmetic as in src/types/float/positional.ts, which explains it. */
const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const ZERO: u8 = 0x30
const MIN: f64 = 1e-4
const MAX: f64 = 1e15
const NEGATIVE_ZERO: u64 = 0x8000_0000_0000_0000
/** Any two decimals with at most this many digits identify different doubles. */
const UNIQUE_DIGITS: i32 = 15
/**
 * Number of digits that are enough to identify every double. They are held in two numbers of eight
 * and nine digits.
 */
const DIGITS: i32 = 17
const LOW_UNIT: f64 = 1e9
const EXPONENT_BIAS: i32 = 1023
const MANTISSA_BITS: i32 = 52
const FIRST_BINADE: i32 = 1009
const BINADES: i32 = 64
/** A value closer than this to a limit cannot be decided with doubles. */
const MARGIN: f64 = 1e-6
const LEAST_POWER: i32 = -4
const POWER_COUNT: i32 = 26
/** Powers of ten from 1e-4 on, and the upper halves of their bits. */
const POWERS: usize = memory.data(26 * 8, 16)
const POWER_HEADS: usize = memory.data(26 * 8, 16)
/**
 * By binade: the decimal exponent of its first value, and half of the distance between its values.
 */
const EXPONENTS: usize = memory.data(64, 16)
const HALF_ULPS: usize = memory.data(64 * 8, 16)

fillPowers([
  1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
  1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
])
fillBinades()

function fillPowers(powers: StaticArray<f64>): void {
  for (let i = 0; i < POWER_COUNT; i++) {
    store<f64>(POWERS + (i << 3), unchecked(powers[i]))
    store<f64>(POWER_HEADS + (i << 3), headOf(unchecked(powers[i])))
  }
}

function fillBinades(): void {
  for (let i = 0; i < BINADES; i++) {
    const first = powerOfTwo(i + FIRST_BINADE - EXPONENT_BIAS)
    let exponent = LEAST_POWER - 1
    while (powerOfTen(exponent + 1) <= first) exponent++
    store<i8>(EXPONENTS + i, <i8>exponent)
    const halfUlp = powerOfTwo(i + FIRST_BINADE - EXPONENT_BIAS - MANTISSA_BITS - 1)
    store<f64>(HALF_ULPS + (i << 3), halfUlp)
  }
}

function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>((<u64>(exponent + EXPONENT_BIAS)) << MANTISSA_BITS)
}

function powerOfTen(exponent: i32): f64 {
  return load<f64>(POWERS + ((exponent - LEAST_POWER) << 3))
}

/**
 * Appends integers, and the shortest decimal from 1e-4 to 1e15. Other values and undecided ones are
 * handed back.
 */
export function putFloat8(out: usize, bits: u64): usize {
  const value = reinterpret<f64>(bits)
  const magnitude = abs(value)
  if (!(magnitude < MAX)) return HANDED_BACK
  if (trunc(value) == value) {
    return bits == NEGATIVE_ZERO ? HANDED_BACK : putInt(out, <i64>value)
  }
  if (magnitude < MIN) return HANDED_BACK
  const binade = ((<i32>(bits >> MANTISSA_BITS)) & 0x7ff) - FIRST_BINADE
  const least = <i32>load<i8>(EXPONENTS + binade)
  const exponent = magnitude >= powerOfTen(least + 1) ? least + 1 : least
  if (value < 0) store<u8>(out++, MINUS)
  const unit = powerOfTen(UNIQUE_DIGITS - 1 - exponent)
  const rounded = round(magnitude * unit)
  if (rounded / unit != magnitude) return putLong(out, magnitude, exponent, binade)
  const high = floor(rounded / 1e7)
  return putDecimal(out, <u32>high, <u32>((rounded - high * 1e7) * 100), exponent)
}

/** Appends 16 digits if they are enough, otherwise 17. */
function putLong(out: usize, magnitude: f64, exponent: i32, binade: i32): usize {
  const scale = powerOfTen(DIGITS - 1 - exponent)
  const scaleHead = load<f64>(POWER_HEADS + ((DIGITS - 1 - exponent - LEAST_POWER) << 3))
  const scaleTail = scale - scaleHead
  const product = magnitude * scale
  const head = headOf(magnitude)
  const tail = magnitude - head
  const error = head * scaleHead - product + head * scaleTail + tail * scaleHead + tail * scaleTail
  let high = floor(product / LOW_UNIT)
  let low = product - high * LOW_UNIT
  const tens = floor(low / 10) * 10
  const rest = low - tens + error
  const nearestTen = round(rest / 10) * 10
  const nearest = round(rest)
  const distance = abs(rest - nearestTen)
  const limit = load<f64>(HALF_ULPS + (binade << 3)) * scale
  const isClose =
    abs(distance - limit) < MARGIN ||
    abs(distance - 5) < MARGIN ||
    abs(abs(rest - nearest) - 0.5) < MARGIN
  if (isClose) return HANDED_BACK
  low = tens + (distance < limit ? nearestTen : nearest)
  if (low < 0) {
    high -= 1
    low += LOW_UNIT
  } else if (low >= LOW_UNIT) {
    high += 1
    low -= LOW_UNIT
  }
  return putDecimal(out, <u32>high, <u32>low, exponent)
}

/** Returns the upper half of the bits. Products of halves are exact. */
function headOf(value: f64): f64 {
  const scaled = 134_217_729.0 * value // 2^27 + 1
  return scaled - (scaled - value)
}

/** Rounds to the nearest integer, halves upwards, like `Math.round`. */
function round(value: f64): f64 {
  const up = ceil(value)
  return up - 0.5 <= value ? up : up - 1
}

/**
 * `high` has the first eight digits, `low` the following nine; `exponent` is the decimal exponent
 * of the first digit.
 */
function putDecimal(out: usize, high: u32, low: u32, exponent: i32): usize {
  const first = low / 100_000_000
  const zeros = exponent < 0 ? 1 - exponent : 1
  for (let i = 0; i < zeros; i++) store<u8>(out + i, ZERO)
  let end = put8(out + zeros, high)
  store<u8>(end, <u8>(ZERO + first))
  end = put8(end + 1, low - first * 100_000_000)
  // Digits before the point are moved to make room for it
  const point = exponent < 0 ? out + 1 : out + 1 + exponent
  for (let i = out; i < point; i++) store<u8>(i, load<u8>(i + 1))
  store<u8>(point, POINT)
  while (load<u8>(end - 1) == ZERO) end--
  return end
}
