import { ZERO } from './ascii.ts'

/** ASCII of 00 … 99 and of 0000 … 9999, each as one little-endian word. */
const PAIRS = new Uint16Array(100)
const QUADS = new Int32Array(10_000)
for (let n = 0; n < 100; n++) PAIRS[n] = ZERO + Math.floor(n / 10) + ((ZERO + (n % 10)) << 8)
for (let n = 0; n < 10_000; n++) QUADS[n] = PAIRS[Math.floor(n / 100)]! | (PAIRS[n % 100]! << 16)

/** Writes `value` (0 … 99) as two digits at `at`; returns the position after them. */
export function put2(target: DataView, at: number, value: number): number {
  target.setUint16(at, PAIRS[value]!, true)
  return at + 2
}

/** Writes `value` (0 … 9999) as four digits. */
export function put4(target: DataView, at: number, value: number): number {
  target.setInt32(at, QUADS[value]!, true)
  return at + 4
}

/** Writes `value` (0 … 999,999) as six digits. */
export function put6(target: DataView, at: number, value: number): number {
  const high = (value / 10_000) | 0
  target.setUint16(at, PAIRS[high]!, true)
  target.setInt32(at + 2, QUADS[value - high * 10_000]!, true)
  return at + 6
}

/** Writes `value` (0 … 99,999,999) as eight digits. */
export function put8(target: DataView, at: number, value: number): number {
  const high = (value / 10_000) | 0
  target.setInt32(at, QUADS[high]!, true)
  target.setInt32(at + 4, QUADS[value - high * 10_000]!, true)
  return at + 8
}

/** Writes `value` (0 … 9999) without leading zeros; needs room for four bytes. */
export function putQuad(target: DataView, at: number, value: number): number {
  const quad = QUADS[value]!
  const zeros = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3
  target.setInt32(at, quad >> (8 * zeros), true)
  return at + 4 - zeros
}

/** Writes an integer `value` (0 … 2^53 - 1) without leading zeros, at most 16 bytes. */
export function putUint(target: DataView, at: number, value: number): number {
  if (value < 10_000) return putQuad(target, at, value)
  if (value < 100_000_000) {
    const high = (value / 10_000) | 0
    return put4(target, putQuad(target, at, high), value - high * 10_000)
  }
  const high = Math.floor(value / 100_000_000)
  return put8(target, putUint(target, at, high), value - high * 100_000_000)
}
