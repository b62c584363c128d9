/** ASCII of 0000 … 9999, each as one little-endian word. */
const QUADS: usize = memory.data(40_000, 16)
const MINUS: u8 = 0x2d
const E4: u32 = 10_000
const E8: u64 = 100_000_000

for (let n: u32 = 0; n < E4; n++) {
  const digits = n / 1000 + (((n / 100) % 10) << 8) + (((n / 10) % 10) << 16) + ((n % 10) << 24)
  store<u32>(QUADS + (n << 2), 0x3030_3030 + digits)
}

/** The four digits of `value` (0 … 9999), with the first one in the lowest byte. */
export function quad(value: u32): u32 {
  return load<u32>(QUADS + (value << 2))
}

/** The last two digits of `value` (0 … 99), with the first one in the lower byte. */
export function pair(value: u32): u32 {
  return quad(value) >>> 16
}

/** `value / 10000`, computed by a multiplication that is exact for 32 bits. */
export function div10000(value: u32): u32 {
  return <u32>((<u64>value * 3_518_437_209) >> 45)
}

/** Appends `value` (0 … 9999) without leading zeros; stores four bytes. */
export function putQuad(out: usize, value: u32): usize {
  const zeros: u32 = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
  store<u32>(out, quad(value) >>> (zeros << 3))
  return out + 4 - zeros
}

/** Appends `value` (0 … 99,999,999) as eight digits. */
export function put8(out: usize, value: u32): usize {
  const high = div10000(value)
  store<u64>(out, (<u64>quad(high)) | ((<u64>quad(value - high * E4)) << 32))
  return out + 8
}

/** Appends `value` without leading zeros. */
export function putUint(out: usize, value: u64): usize {
  if (value < E8) return putSmall(out, <u32>value)
  const high = value / E8
  return put8(putUint(out, high), <u32>(value - high * E8))
}

/** Appends `value` with its sign. */
export function putInt(out: usize, value: i64): usize {
  if (value >= 0) return putUint(out, <u64>value)
  store<u8>(out, MINUS)
  return putUint(out + 1, <u64>-value)
}

/** For values below 10^8. */
function putSmall(out: usize, value: u32): usize {
  if (value < E4) return putQuad(out, value)
  const high = div10000(value)
  out = putQuad(out, high)
  store<u32>(out, quad(value - high * E4))
  return out + 4
}
