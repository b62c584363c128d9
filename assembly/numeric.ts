import { uint16 } from './bytes'
import { putQuad, quad } from './digits'
import { HANDED_BACK } from './op'

const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const ZERO: u8 = 0x30
const NEGATIVE: u32 = 0x4000
const HEADER_BYTES: usize = 8
/**
 * Maximum number of base-10000 digits of implied zeros. It limits a value to the room that is
 * reserved for its row.
 */
const MAX_IMPLIED_DIGITS: i32 = 4
const MAX_IMPLIED_DECIMALS: i32 = 48

/**
 * Appends the digits of a numeric, like `writeNumeric`. NaN, infinities and long runs of zeros are
 * handed back.
 */
export function putNumeric(out: usize, at: usize, length: usize): usize {
  if (length < HEADER_BYTES) return HANDED_BACK
  const count = <i32>uint16(at)
  const weight = <i32>(<i16>uint16(at + 2))
  const sign = uint16(at + 4)
  const scale = <i32>uint16(at + 6)
  if (length != HEADER_BYTES + 2 * <usize>count || (sign & ~NEGATIVE) != 0) return HANDED_BACK
  if (weight >= count + MAX_IMPLIED_DIGITS) return HANDED_BACK
  if (scale > 4 * count + MAX_IMPLIED_DECIMALS) return HANDED_BACK
  const digits = at + HEADER_BYTES
  for (let i = 0; i < count; i++) if (uint16(digits + 2 * i) > 9999) return HANDED_BACK
  if (sign == NEGATIVE) store<u8>(out++, MINUS)
  out = putWhole(out, digits, count, weight)
  return scale == 0 ? out : putFraction(out, digits, count, weight, scale)
}

function putWhole(out: usize, digits: usize, count: i32, weight: i32): usize {
  if (weight < 0) {
    store<u8>(out, ZERO)
    return out + 1
  }
  out = putQuad(out, digitAt(digits, count, 0))
  for (let i = 1; i <= weight; i++, out += 4) store<u32>(out, quad(digitAt(digits, count, i)))
  return out
}

function putFraction(out: usize, digits: usize, count: i32, weight: i32, scale: i32): usize {
  store<u8>(out++, POINT)
  const end = out + scale
  for (let i = weight + 1; out < end; i++, out += 4) {
    store<u32>(out, quad(digitAt(digits, count, i)))
  }
  return end
}

/** Returns 0 before the first digit and after the last one. */
function digitAt(digits: usize, count: i32, index: i32): u32 {
  return <u32>index < <u32>count ? uint16(digits + 2 * <usize>index) : 0
}
