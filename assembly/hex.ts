const QUOTE: u8 = 0x22
const HYPHEN: u8 = 0x2d
const BLOCK_BYTES: usize = 16
/** Length of the text form of a uuid. */
const UUID_CHARACTERS: usize = 36

/** 16 bytes → `"8-4-4-4-12"`, lower-case hex digits. */
export function putUuid(out: usize, at: usize): usize {
  store<u8>(out++, QUOTE)
  const block = v128.load(at)
  const first = hexOfLow(block)
  const second = hexOfHigh(block)
  store<u64>(out, i64x2.extract_lane(first, 0))
  store<u8>(out + 8, HYPHEN)
  store<u32>(out + 9, i32x4.extract_lane(first, 2))
  store<u8>(out + 13, HYPHEN)
  store<u32>(out + 14, i32x4.extract_lane(first, 3))
  store<u8>(out + 18, HYPHEN)
  store<u32>(out + 19, i32x4.extract_lane(second, 0))
  store<u8>(out + 23, HYPHEN)
  store<u32>(out + 24, i32x4.extract_lane(second, 1))
  store<u64>(out + 28, i64x2.extract_lane(second, 1))
  store<u8>(out + UUID_CHARACTERS, QUOTE)
  return out + UUID_CHARACTERS + 1
}

/** bytea → `"\\x1234"`, its hex form in JSON. */
export function putBytea(out: usize, at: usize, length: usize): usize {
  store<u32>(out, 0x785c_5c22 /* "\\x */)
  out += 4
  const end = out + 2 * length
  for (; out < end; at += BLOCK_BYTES, out += 2 * BLOCK_BYTES) {
    const block = v128.load(at)
    v128.store(out, hexOfLow(block))
    v128.store(out + BLOCK_BYTES, hexOfHigh(block))
  }
  store<u8>(end, QUOTE)
  return end + 1
}

/** Returns the hex digits of bytes 0 … 7. */
function hexOfLow(block: v128): v128 {
  const high = hexOf(i8x16.shr_u(block, 4))
  const low = hexOf(v128.and(block, i8x16.splat(15)))
  return v128.shuffle<u8>(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

/** Returns the hex digits of bytes 8 … 15. */
function hexOfHigh(block: v128): v128 {
  const high = hexOf(i8x16.shr_u(block, 4))
  const low = hexOf(v128.and(block, i8x16.splat(15)))
  return v128.shuffle<u8>(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}

/** Returns the hex digit of each byte (0 … 15). */
function hexOf(nibbles: v128): v128 {
  const letters = i8x16.gt_u(nibbles, i8x16.splat(9))
  const toLetters = v128.and(letters, i8x16.splat(0x61 - 0x3a))
  return i8x16.add(i8x16.add(nibbles, i8x16.splat(0x30)), toLetters)
}
