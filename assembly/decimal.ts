import { uint16 } from './bytes'
import { Conversion } from './column-op'

const HEADER_BYTES: usize = 8
const NEGATIVE: u32 = 0x4000
const LIMB_BYTES: usize = 4
const DIGIT_BASE: u32 = 10_000
/** Decimal digits in a base-10000 digit. */
const BASE_DIGITS: i32 = 4
/** Number of base-10000 digits that fit into 64 bits. */
const SHORT_DIGITS: i32 = 4
/** Maximum number of implied zeros, which are multiplied in one by one. */
const MAX_ZEROS: i32 = 80
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991
const MAX_EXACT_POWER: i32 = 22
/** Powers of ten that doubles represent exactly. */
const POWERS: usize = memory.data(23 * 8, 16)

let power: f64 = 1
for (let i = 0; i <= MAX_EXACT_POWER; i++, power *= 10) store<f64>(POWERS + (i << 3), power)

/** numeric → the nearest float64, if both its digits and the power of ten are exact. */
export function putFloat(out: usize, at: usize, length: usize): Conversion {
  if (!isFinite(at, length)) return Conversion.Unknown
  const count = countOf(at)
  let digits: u64 = 0
  for (let i = 0; i < count; i++) {
    if (digits > MAX_SAFE_INTEGER / DIGIT_BASE) return Conversion.Unknown
    digits = digits * DIGIT_BASE + digitAt(at, i)
    if (digits > MAX_SAFE_INTEGER) return Conversion.Unknown
  }
  const exponent = (weightOf(at) - count + 1) * BASE_DIGITS
  if (digits != 0 && abs(exponent) > MAX_EXACT_POWER) return Conversion.Unknown
  let value = <f64>digits
  if (digits != 0) value = exponent < 0 ? value / powerOf(-exponent) : value * powerOf(exponent)
  store<f64>(out, isNegative(at) ? -value : value)
  return Conversion.Kept
}

/** numeric → an integer of `width` bytes: the value times 10^`scale`. */
export function putDecimal(
  out: usize,
  at: usize,
  length: usize,
  width: usize,
  scale: i32,
): Conversion {
  if (!isFinite(at, length)) return Conversion.Unknown
  const count = countOf(at)
  const exponent = (weightOf(at) - count + 1) * BASE_DIGITS + scale
  if (exponent <= -BASE_DIGITS || exponent > MAX_ZEROS) return Conversion.Unknown
  memory.fill(out, 0, width)
  const end = out + width
  const last = count - 1
  if (count > SHORT_DIGITS) {
    for (let i = 0; i < last; i++) multiplyAdd(out, end, DIGIT_BASE, digitAt(at, i))
  } else {
    let head: u64 = 0
    for (let i = 0; i < last; i++) head = head * DIGIT_BASE + digitAt(at, i)
    store<u64>(out, head)
  }
  if (count > 0 && !putLastDigit(out, end, digitAt(at, last), exponent)) return Conversion.Unknown
  for (let zeros = exponent; zeros > 0; zeros--) multiplyAdd(out, end, 10, 0)
  if (isNegative(at)) negate(out, end)
  return Conversion.Kept
}

/** Adds the last base-10000 digit, without its decimal digits beyond the scale, which are zeros. */
function putLastDigit(out: usize, end: usize, digit: u32, exponent: i32): bool {
  const unit = exponent < 0 ? <u32>powerOf(-exponent) : 1
  const shortened = digit / unit
  if (shortened * unit != digit) return false
  multiplyAdd(out, end, DIGIT_BASE / unit, shortened)
  return true
}

/** Multiplies the little-endian integer `out … end` by a factor and adds a summand. */
function multiplyAdd(out: usize, end: usize, factor: u32, summand: u32): void {
  let carry = <u64>summand
  for (let at = out; at < end; at += LIMB_BYTES) {
    carry += <u64>load<u32>(at) * factor
    store<u32>(at, <u32>carry)
    carry >>= 32
  }
}

function negate(out: usize, end: usize): void {
  let carry: u64 = 1
  for (let at = out; at < end; at += LIMB_BYTES) {
    const inverted: u32 = ~load<u32>(at)
    carry += inverted
    store<u32>(at, <u32>carry)
    carry >>= 32
  }
}

/** Whether it is a complete numeric, and neither NaN nor infinite. */
function isFinite(at: usize, length: usize): bool {
  if (length < HEADER_BYTES || length != HEADER_BYTES + 2 * <usize>countOf(at)) return false
  return (uint16(at + 4) & ~NEGATIVE) == 0
}

function countOf(at: usize): i32 {
  return <i32>uint16(at)
}

function weightOf(at: usize): i32 {
  return <i32>(<i16>uint16(at + 2))
}

function isNegative(at: usize): bool {
  return uint16(at + 4) == NEGATIVE
}

function digitAt(at: usize, index: i32): u32 {
  return uint16(at + HEADER_BYTES + 2 * <usize>index)
}

function powerOf(exponent: i32): f64 {
  return load<f64>(POWERS + (exponent << 3))
}
