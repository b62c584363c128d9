import { LOWER_E, MINUS, NINE, PLUS, POINT, ZERO } from '../bytes/ascii.ts'
import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { put4, putQuad, put8, putUint } from '../bytes/digits.ts'
import { float8Text } from './float/float8.ts'
import { accelerated, EXACT, type LogForms, type Outcome } from './pg-type.ts'
import { putPositional } from './float/positional.ts'
import { isText, writeNulled } from './text.ts'

const NOT_FINITE = ['NaN', 'Infinity', '-Infinity'] as const
const E8 = 100_000_000
/** Mask of the 11 exponent bits in the upper 12 bits of a float8, which also hold the sign. */
const EXPONENT_MASK = 0x7ff
/** Length of the longest int8, -9223372036854775808. */
const INT8_BYTES = 20
const UINT64_BYTES = 20
/** Values of the sign word in the binary form of numeric. */
export const NUMERIC_POSITIVE = 0x0000
export const NUMERIC_NEGATIVE = 0x4000
export const NUMERIC_NAN = 0xc000
export const NUMERIC_INFINITY = 0xd000
export const NUMERIC_MINUS_INFINITY = 0xf000
const NUMERIC_HEADER_BYTES = 8

/**
 * Marks of a negative amount, chosen by `lc_monetary`: a sign before or after it, or parentheses
 * around it.
 */
const NEGATIVE_MARKS = ['-', '(', '\u2212']

/**
 * @throws RangeError unless a field of a fixed size has that size. A different size means that the
 * stream is damaged.
 */
export function expectBytes(actual: number, expected: number): void {
  if (actual !== expected) {
    throw new RangeError(`damaged COPY stream: a field of ${expected} bytes has ${actual}`)
  }
}

/** int2, COPY binary: 2 bytes. */
export const writeInt2 = accelerated('Int2', (out, bytes, start, end) => {
  expectBytes(end - start, 2)
  return writeInteger(out, viewOf(bytes).getInt16(start))
})

/** int4, COPY binary: 4 bytes. */
export const writeInt4 = accelerated('Int4', (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  return writeInteger(out, viewOf(bytes).getInt32(start))
})

/** oid and the other types of its form, COPY binary: 4 bytes, unsigned. */
export const writeOid = accelerated('Oid', (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  return writeInteger(out, viewOf(bytes).getUint32(start))
})

/**
 * int8, COPY binary: 8 bytes. Exact over the full range: values beyond 2^53 are divided as
 * integers, not converted to a double.
 */
export const writeInt8 = accelerated('Int8', (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  const high = viewOf(bytes).getInt32(start)
  const low = viewOf(bytes).getUint32(start + 4)
  const isSafe = high >= -0x20_0000 && high < 0x20_0000
  if (isSafe) return writeInteger(out, high * 0x1_0000_0000 + low)
  out.reserve(INT8_BYTES)
  if (high >= 0) {
    out.length = putUint64(out.view, out.length, high, low)
  } else {
    out.bytes[out.length++] = MINUS
    const magnitudeLow = (~low + 1) >>> 0
    const magnitudeHigh = (magnitudeLow === 0 ? ~high + 1 : ~high) >>> 0
    out.length = putUint64(out.view, out.length, magnitudeHigh, magnitudeLow)
  }
  return EXACT
})

/**
 * float8, COPY binary: 8 bytes → the shortest digits that identify the value; NaN and infinities
 * are JSON strings.
 */
export const writeFloat8 = accelerated('Float8', (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  const value = viewOf(bytes).getFloat64(start)
  if (Number.isSafeInteger(value) && Math.abs(value) < 1e15 && !Object.is(value, -0)) {
    return writeInteger(out, value)
  }
  if (putPositional(out, value, (viewOf(bytes).getUint16(start) >> 4) & EXPONENT_MASK)) return EXACT
  out.latin1(Number.isFinite(value) ? float8Text(value) : `"${value}"`)
  return EXACT
})

/** Appends the digits of high·2^32 + low, both unsigned. */
export function writeUint64(out: ByteBuffer, high: number, low: number): void {
  out.reserve(UINT64_BYTES)
  out.length =
    high < 0x20_0000
      ? putUint(out.view, out.length, high * 0x1_0000_0000 + low)
      : putUint64(out.view, out.length, high, low)
}

/** Text of an integer or a finite number, such as `-1.5e+10`. It is valid JSON without a change. */
export const writeNumberText = accelerated('NumberText', (out, bytes, start, end) => {
  if (!isJsonNumber(bytes, start, end)) return writeNulled(out)
  out.copy(bytes, start, end)
  return EXACT
})

/** Text of a float → a number; `NaN`, `Infinity` and `-Infinity` are JSON strings. */
export const writeFloatText = accelerated('NumberText', (out, bytes, start, end) => {
  for (const name of NOT_FINITE) {
    if (!isText(bytes, start, end, name)) continue
    out.latin1(`"${name}"`)
    return EXACT
  }
  return writeNumberText(out, bytes, start, end)
})

/**
 * numeric, COPY binary: int16 number of base-10000 digits, weight of the first digit, sign, display
 * scale, then the digits. All digits are written; no intermediate number is larger than 9999.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/adt/numeric.c (numeric_send)
 */
export const writeNumeric = accelerated('Numeric', (out, bytes, start, end) => {
  if (end - start < NUMERIC_HEADER_BYTES) expectBytes(end - start, NUMERIC_HEADER_BYTES)
  const count = viewOf(bytes).getUint16(start)
  const weight = viewOf(bytes).getInt16(start + 2)
  const sign = viewOf(bytes).getUint16(start + 4)
  const scale = viewOf(bytes).getUint16(start + 6)
  expectBytes(end - start, NUMERIC_HEADER_BYTES + 2 * count)
  if (sign !== NUMERIC_POSITIVE && sign !== NUMERIC_NEGATIVE) return writeNulled(out)
  out.reserve(12 + 4 * Math.max(weight + 1, 1) + scale)
  if (sign === NUMERIC_NEGATIVE) out.bytes[out.length++] = MINUS
  const digits = start + NUMERIC_HEADER_BYTES
  putWhole(out, bytes, digits, { count, weight })
  if (scale > 0) putFraction(out, bytes, digits, { count, weight, scale })
  return EXACT
})

/**
 * Forms of money in the log, where the value is not cast to numeric. The text has the currency,
 * separators and sign of `lc_monetary`. The binary form is the int64 number of the smallest units.
 * @param scale number of digits after the point, given by `lc_monetary`.
 */
export function moneyForms(scale: number): LogForms {
  return {
    writeText: (out, bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      const digits = text.replaceAll(/\D/g, '')
      if (digits === '') return writeNulled(out)
      const isNegative = NEGATIVE_MARKS.some((mark) => text.includes(mark))
      return writeUnits(out, BigInt(digits) * (isNegative ? -1n : 1n), scale)
    },
    writeBinary: (out, bytes, start, end) => {
      expectBytes(end - start, 8)
      return writeUnits(out, viewOf(bytes).getBigInt64(start), scale)
    },
  }
}

/**
 * Checks for digits, an optional fraction and an optional exponent, as in
 * https://www.rfc-editor.org/rfc/rfc8259#section-6
 */
function isJsonNumber(bytes: Buffer, start: number, end: number): boolean {
  const wholeStart = bytes[start] === MINUS && start < end ? start + 1 : start
  let at = skipDigits(bytes, wholeStart, end)
  if (at === wholeStart || (bytes[wholeStart] === ZERO && at > wholeStart + 1)) return false
  if (at < end && bytes[at] === POINT) {
    const fractionStart = at + 1
    at = skipDigits(bytes, fractionStart, end)
    if (at === fractionStart) return false
  }
  if (at < end && bytes[at] === LOWER_E) {
    const hasSign = at + 1 < end && (bytes[at + 1] === PLUS || bytes[at + 1] === MINUS)
    const powerStart = at + (hasSign ? 2 : 1)
    at = skipDigits(bytes, powerStart, end)
    if (at === powerStart) return false
  }
  return at === end
}

function skipDigits(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++
  return at
}

function writeInteger(out: ByteBuffer, value: number): typeof EXACT {
  out.reserve(INT8_BYTES)
  if (value < 0) out.bytes[out.length++] = MINUS
  out.length = putUint(out.view, out.length, value < 0 ? -value : value)
  return EXACT
}

/**
 * Writes high·2^32 + low after dividing by 10^8 in steps of 16 bits. Each step is exact in a
 * double.
 */
function putUint64(target: DataView, at: number, high: number, low: number): number {
  const first = Math.floor(high / E8)
  const middleDividend = (high - first * E8) * 0x1_0000 + (low >>> 16)
  const middle = Math.floor(middleDividend / E8)
  const lastDividend = (middleDividend - middle * E8) * 0x1_0000 + (low & 0xffff)
  const last = Math.floor(lastDividend / E8)
  const quotient = first * 0x1_0000_0000 + middle * 0x1_0000 + last
  return put8(target, putUint(target, at, quotient), lastDividend - last * E8)
}

function putWhole(
  out: ByteBuffer,
  bytes: Buffer,
  digits: number,
  { count, weight }: { count: number; weight: number },
): void {
  const target = out.view
  let at = out.length
  if (weight < 0) target.setUint8(at++, ZERO)
  for (let i = 0; i <= weight; i++) {
    const digit = i < count ? digitAt(bytes, digits, i) : 0
    at = i === 0 ? putQuad(target, at, digit) : put4(target, at, digit)
  }
  out.length = at
}

function putFraction(
  out: ByteBuffer,
  bytes: Buffer,
  digits: number,
  { count, weight, scale }: { count: number; weight: number; scale: number },
): void {
  out.bytes[out.length++] = POINT
  const end = out.length + scale
  let at = out.length
  for (let i = weight + 1; at < end; i++) {
    at = put4(out.view, at, i >= 0 && i < count ? digitAt(bytes, digits, i) : 0)
  }
  out.length = end
}

function digitAt(bytes: Buffer, digits: number, index: number): number {
  const digit = viewOf(bytes).getUint16(digits + 2 * index)
  if (digit > 9999) throw new RangeError('damaged COPY stream: a numeric digit is above 9999')
  return digit
}

function writeUnits(out: ByteBuffer, units: bigint, scale: number): Outcome {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  const point = digits.length - scale
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`
  out.latin1(`${units < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`)
  return EXACT
}
