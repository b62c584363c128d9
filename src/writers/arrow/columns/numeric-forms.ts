import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import {
  expectBytes,
  NUMERIC_INFINITY,
  NUMERIC_MINUS_INFINITY,
  NUMERIC_NEGATIVE,
  NUMERIC_POSITIVE,
  writeNumeric,
} from '../../../types/numbers.ts'
import type { FixedForm } from './fixed-forms.ts'

const HEADER_BYTES = 8
const BASE = 10_000
const BASE_DIGITS = 4
/** Highest power of ten that is exact in a double. */
const MAX_EXACT_POWER = 22
const POWERS = Array.from({ length: MAX_EXACT_POWER + 1 }, (_, power) => Number(`1e${power}`))
const WORD_BITS = 32n
const WORD_MASK = 0xffff_ffffn

const scratch = new ByteBuffer(64)

/** numeric → the nearest float64, also NaN and infinities. */
export const NUMERIC: FixedForm = {
  width: 8,
  op: 'Numeric',
  put(target, at, source, start, end) {
    const { count, weight, sign } = headerOf(source, start, end)
    if (sign === NUMERIC_POSITIVE || sign === NUMERIC_NEGATIVE) {
      const magnitude = magnitudeOf(source, start, { count, weight })
      const value = magnitude ?? slowMagnitude(source, start, end)
      target.setFloat64(at, sign === NUMERIC_NEGATIVE ? -Math.abs(value) : value, true)
    } else {
      const isInfinite = sign === NUMERIC_INFINITY || sign === NUMERIC_MINUS_INFINITY
      const infinity = sign === NUMERIC_MINUS_INFINITY ? -Infinity : Infinity
      target.setFloat64(at, isInfinite ? infinity : Number.NaN, true)
    }
    return true
  },
}

/**
 * numeric(p,s) → an integer of `bits` bits, the value times 10^`scale`. NaN and infinities are not
 * representable.
 * @throws RangeError if the value has more decimals than the column.
 */
export function decimalForm(bits: 128 | 256, scale: number): FixedForm {
  const words = bits / 32
  return {
    width: bits / 8,
    op: 'Decimal',
    scale,
    put(target, at, source, start, end) {
      const { count, weight, sign } = headerOf(source, start, end)
      if (sign !== NUMERIC_POSITIVE && sign !== NUMERIC_NEGATIVE) return false
      let value = unscaled(source, start, { count, weight, scale })
      if (sign === NUMERIC_NEGATIVE) value = -value
      for (let word = 0; word < words; word++) {
        target.setUint32(at + word * 4, Number(value & WORD_MASK), true)
        value >>= WORD_BITS
      }
      return true
    },
  }
}

interface Header {
  readonly count: number
  readonly weight: number
}

function headerOf(source: DataView, start: number, end: number): Header & { sign: number } {
  if (end - start < HEADER_BYTES) expectBytes(end - start, HEADER_BYTES)
  const count = source.getUint16(start)
  expectBytes(end - start, HEADER_BYTES + 2 * count)
  return { count, weight: source.getInt16(start + 2), sign: source.getUint16(start + 4) }
}

/**
 * The absolute value, rounded only once, because its digits and the power of ten are exact; null if
 * they are not.
 */
function magnitudeOf(source: DataView, start: number, { count, weight }: Header): number | null {
  let digits = 0
  for (let i = 0; i < count; i++) {
    digits = digits * BASE + source.getUint16(start + HEADER_BYTES + 2 * i)
    if (digits > Number.MAX_SAFE_INTEGER) return null
  }
  const power = (weight - count + 1) * BASE_DIGITS
  if (digits === 0) return 0
  if (Math.abs(power) > MAX_EXACT_POWER) return null
  return power < 0 ? digits / POWERS[-power]! : digits * POWERS[power]!
}

function slowMagnitude(source: DataView, start: number, end: number): number {
  scratch.length = 0
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  writeNumeric(scratch, bytes, start, end)
  return Number(scratch.bytes.toString('latin1', 0, scratch.length))
}

function unscaled(
  source: DataView,
  start: number,
  { count, weight, scale }: Header & { scale: number },
): bigint {
  let digits = 0
  let value = 0n
  for (let i = 0; i < count; i++) {
    digits = digits * BASE + source.getUint16(start + HEADER_BYTES + 2 * i)
    if (i % 3 === 2 || i === count - 1) {
      value = value * BigInt(BASE ** ((i % 3) + 1)) + BigInt(digits)
      digits = 0
    }
  }
  const power = (weight - count + 1) * BASE_DIGITS + scale
  if (power >= 0) return value * 10n ** BigInt(power)
  const divisor = 10n ** BigInt(-power)
  if (value % divisor !== 0n)
    throw new RangeError('damaged COPY stream: a numeric beyond its scale')
  return value / divisor
}
