import { HANDED_BACK } from './op'
import { isUtf8 } from './utf8'

const BLOCK_BYTES: usize = 16
const QUOTE: u8 = 0x22
const BACKSLASH: u8 = 0x5c
const U: u8 = 0x75
const HALF_BYTES: usize = 8
/**
 * For each set of bytes to escape in a half block: the indexes of the output bytes in `half block,
 * backslashes`. Index 8 is a backslash.
 */
const EXPANSIONS: usize = memory.data(256 * 16, 16)

for (let mask: u32 = 0; mask < 256; mask++) {
  let to = EXPANSIONS + mask * 16
  for (let bit: u32 = 0; bit < 8; bit++) {
    if ((mask >> bit) & 1) store<u8>(to++, 8)
    store<u8>(to++, <u8>bit)
  }
}

/** Bytes of UTF-8 → a JSON string; bytes that are not UTF-8 are handed back. */
export function putText(out: usize, start: usize, length: usize): usize {
  const end = start + length
  store<u8>(out++, QUOTE)
  let seen = i8x16.splat(0)
  let at = start
  for (; at + BLOCK_BYTES <= end; at += BLOCK_BYTES) {
    const block = v128.load(at)
    seen = v128.or(seen, block)
    const mask = i8x16.bitmask(escapesIn(block))
    if (mask == 0) {
      v128.store(out, block)
      out += BLOCK_BYTES
    } else out = putEscapedBlock(out, at, block, mask, BLOCK_BYTES)
  }
  let nonAscii = i8x16.bitmask(seen)
  const left = end - at
  if (left > 0) {
    const block = v128.load(at)
    const isIn = (1 << (<i32>left)) - 1
    nonAscii |= i8x16.bitmask(block) & isIn
    out = putEscapedBlock(out, at, block, i8x16.bitmask(escapesIn(block)) & isIn, left)
  }
  if (nonAscii != 0 && !isUtf8(start, end)) return HANDED_BACK
  store<u8>(out, QUOTE)
  return out + 1
}

/** Marks control characters, quotes and backslashes. */
function escapesIn(block: v128): v128 {
  const controls = i8x16.lt_u(block, i8x16.splat(0x20))
  const quotes = i8x16.eq(block, i8x16.splat(QUOTE))
  return v128.or(v128.or(controls, quotes), i8x16.eq(block, i8x16.splat(BACKSLASH)))
}

/** Appends the first `count` bytes of `block`; `mask` marks those to escape. */
function putEscapedBlock(out: usize, at: usize, block: v128, mask: i32, count: usize): usize {
  if (mask == 0) {
    v128.store(out, block)
    return out + count
  }
  const controls = i8x16.bitmask(i8x16.lt_u(block, i8x16.splat(0x20)))
  if ((controls & mask) != 0) return putBytes(out, at, at + count)
  const low = mask & 0xff
  v128.store(out, i8x16.swizzle(lowHalf(block), v128.load(EXPANSIONS + ((<usize>low) << 4))))
  if (count <= HALF_BYTES) return out + count + popcnt(low)
  out += HALF_BYTES + popcnt(low)
  const high = mask >>> 8
  v128.store(out, i8x16.swizzle(highHalf(block), v128.load(EXPANSIONS + ((<usize>high) << 4))))
  return out + count - HALF_BYTES + popcnt(high)
}

/** Returns bytes 0 … 7, then backslashes. */
function lowHalf(block: v128): v128 {
  return i64x2.replace_lane(block, 1, 0x5c5c_5c5c_5c5c_5c5c)
}

/** Returns bytes 8 … 15, then backslashes. */
function highHalf(block: v128): v128 {
  const high = i64x2.extract_lane(block, 1)
  return i64x2.replace_lane(i64x2.splat(high), 1, 0x5c5c_5c5c_5c5c_5c5c)
}

/** Appends one byte at a time, for text with control characters. */
function putBytes(out: usize, at: usize, end: usize): usize {
  for (; at < end; at++) {
    const byte = load<u8>(at)
    if (byte < 0x20) out = putControl(out, byte)
    else {
      if (byte == QUOTE || byte == BACKSLASH) store<u8>(out++, BACKSLASH)
      store<u8>(out++, byte)
    }
  }
  return out
}

function putControl(out: usize, byte: u8): usize {
  const letter = letterOf(byte)
  store<u8>(out, BACKSLASH)
  store<u8>(out + 1, letter)
  if (letter != U) return out + 2
  const low = byte & 15
  store<u16>(out + 2, 0x3030)
  store<u8>(out + 4, 0x30 + (byte >> 4))
  store<u8>(out + 5, low < 10 ? 0x30 + low : 0x57 + low)
  return out + 6
}

/** Letter after the backslash for a control character. */
function letterOf(byte: u8): u8 {
  switch (byte) {
    case 0x08:
      return 0x62 /* b */
    case 0x09:
      return 0x74 /* t */
    case 0x0a:
      return 0x6e /* n */
    case 0x0c:
      return 0x66 /* f */
    case 0x0d:
      return 0x72 /* r */
    default:
      return U
  }
}
