import type { ByteBuffer } from '../protocol/byte-buffer.ts'
import { viewOf } from '../wire/byte-view.ts'
import {
  DATE_MAX_BYTES,
  isBeforeChrist,
  putDate,
  putTime,
  timeDecimals,
  TIME_MAX_BYTES,
} from './calendar.ts'
import { put2 } from './digits.ts'
import { expectBytes } from './numbers.ts'
import { EXACT, type Outcome, type ValueWriter } from './pg-type.ts'
import { isText, writeEscaped, writeNulled, writeString } from './text.ts'

const QUOTE = 0x22
const SPACE = 0x20
const T = 0x54
const Z = 0x5a
const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const DATE_INFINITY = 0x7fff_ffff
const DATE_MINUS_INFINITY = -0x8000_0000
const MICROS_PER_DAY = 86_400_000_000
const MICROS_PER_DAY_BIG = BigInt(MICROS_PER_DAY)
/** `24:00:00` has no ISO form; the official connector prints the last nanosecond of the day. */
const END_OF_DAY = '23:59:59.999999999'

/** date, COPY binary: int32 days since 2000-01-01 → `1999-01-08`, `0044-03-15 BC`; ±infinity is null. */
export const writeDate: ValueWriter = (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  const days = viewOf(bytes).getInt32(start)
  if (days === DATE_INFINITY || days === DATE_MINUS_INFINITY) return writeNulled(out)
  out.reserve(DATE_MAX_BYTES + 5)
  out.bytes[out.length++] = QUOTE
  out.length = putDate(out.view, out.length, days)
  return closeDate(out, days)
}

/** date, text: as PostgreSQL prints it with DateStyle ISO. */
export const writeDateText: ValueWriter = (out, bytes, start, end) => {
  if (isInfinity(bytes, start, end)) return writeNulled(out)
  return writeString(out, bytes, start, end)
}

/** time, COPY binary: int64 microseconds of the day. */
export const writeTime: ValueWriter = (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  out.byte(QUOTE)
  writeTimeOfDay(
    out,
    viewOf(bytes).getInt32(start) * 0x1_0000_0000 + viewOf(bytes).getUint32(start + 4),
  )
  out.byte(QUOTE)
  return EXACT
}

/** time, text: `13:00:05.01234`. */
export const writeTimeText: ValueWriter = (out, bytes, start, end) => {
  out.byte(QUOTE)
  writeTimeOfDay(out, parseMicros(bytes, start, end))
  out.byte(QUOTE)
  return EXACT
}

/** timetz, COPY binary: int64 microseconds of the day, int32 seconds west of UTC → `13:00:01.123456-07:00`. */
export const writeTimeTz: ValueWriter = (out, bytes, start, end) => {
  expectBytes(end - start, 12)
  out.byte(QUOTE)
  writeTimeOfDay(
    out,
    viewOf(bytes).getInt32(start) * 0x1_0000_0000 + viewOf(bytes).getUint32(start + 4),
  )
  writeOffset(out, -viewOf(bytes).getInt32(start + 8))
  out.byte(QUOTE)
  return EXACT
}

/** timetz, text: `13:00:01.123456-07`, `+05:30`, `+01:02:03`. */
export const writeTimeTzText: ValueWriter = (out, bytes, start, end) => {
  const sign = signBackwards(bytes, start, end)
  out.byte(QUOTE)
  writeTimeOfDay(out, parseMicros(bytes, start, sign))
  const seconds = parseMicros(bytes, sign + 1, end) / 1_000_000
  writeOffset(out, bytes[sign] === MINUS ? -seconds : seconds)
  out.byte(QUOTE)
  return EXACT
}

/** timestamp, COPY binary: int64 microseconds since 2000-01-01 → `2004-10-19T10:23:54.123456`; ±infinity is null. */
export const writeTimestamp: ValueWriter = (out, bytes, start, end) =>
  writeInstant(out, bytes, start, end, false)

/** timestamptz, COPY binary: the same in UTC, always six decimals and `Z`. */
export const writeTimestampTz: ValueWriter = (out, bytes, start, end) =>
  writeInstant(out, bytes, start, end, true)

/** timestamp, text: `2004-10-19 10:23:54.123456 BC`. */
export const writeTimestampText: ValueWriter = (out, bytes, start, end) =>
  writeInstantText(out, bytes, start, end, false)

/** timestamptz, text with TimeZone UTC: `2004-10-19 18:23:00+00`. */
export const writeTimestampTzText: ValueWriter = (out, bytes, start, end) =>
  writeInstantText(out, bytes, start, end, true)

/** Exact over the full range, 4713 BC – 294276 AD: beyond 2^53 microseconds the day is split off as a bigint. */
function writeInstant(
  out: ByteBuffer,
  bytes: Buffer,
  start: number,
  end: number,
  isUtc: boolean,
): Outcome {
  expectBytes(end - start, 8)
  const high = viewOf(bytes).getInt32(start)
  const low = viewOf(bytes).getUint32(start + 4)
  let days: number
  let micros: number
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + low
    days = Math.floor(value / MICROS_PER_DAY)
    micros = value - days * MICROS_PER_DAY
  } else {
    if (high === 0x7fff_ffff && low === 0xffff_ffff) return writeNulled(out)
    if (high === -0x8000_0000 && low === 0) return writeNulled(out)
    const value = (BigInt(high) << 32n) | BigInt(low)
    const remainder = ((value % MICROS_PER_DAY_BIG) + MICROS_PER_DAY_BIG) % MICROS_PER_DAY_BIG
    days = Number((value - remainder) / MICROS_PER_DAY_BIG)
    micros = Number(remainder)
  }
  out.reserve(DATE_MAX_BYTES + TIME_MAX_BYTES + 8)
  const target = out.view
  target.setUint8(out.length, QUOTE)
  let at = putDate(target, out.length + 1, days)
  target.setUint8(at++, T)
  at = putTime(target, at, micros, isUtc ? 6 : timeDecimals(micros))
  if (isUtc) target.setUint8(at++, Z)
  out.length = at
  return closeDate(out, days)
}

function writeInstantText(
  out: ByteBuffer,
  bytes: Buffer,
  start: number,
  end: number,
  isUtc: boolean,
): Outcome {
  if (isInfinity(bytes, start, end)) return writeNulled(out)
  const dateEnd = bytes.indexOf(SPACE, start)
  const isBc = bytes[end - 1] === 0x43 /* C */
  const timeEnd = end - (isBc ? 3 : 0) - (isUtc ? 3 : 0)
  const micros = parseMicros(bytes, dateEnd + 1, timeEnd)
  out.byte(QUOTE)
  out.copy(bytes, start, dateEnd)
  out.reserve(TIME_MAX_BYTES + 8)
  out.byte(T)
  out.length = putTime(out.view, out.length, micros, isUtc ? 6 : timeDecimals(micros))
  if (isUtc) out.byte(Z)
  if (isBc) writeEscaped(out, bytes, end - 3, end)
  out.byte(QUOTE)
  return EXACT
}

function closeDate(out: ByteBuffer, days: number): typeof EXACT {
  if (isBeforeChrist(days)) out.latin1(' BC')
  out.byte(QUOTE)
  return EXACT
}

function writeTimeOfDay(out: ByteBuffer, micros: number): void {
  if (micros === MICROS_PER_DAY) {
    out.latin1(END_OF_DAY)
    return
  }
  out.reserve(TIME_MAX_BYTES)
  out.length = putTime(out.view, out.length, micros, timeDecimals(micros))
}

/** Seconds east of UTC → `Z`, `+08:00`, `+01:02:03`. */
function writeOffset(out: ByteBuffer, seconds: number): void {
  if (seconds === 0) {
    out.byte(Z)
    return
  }
  const magnitude = Math.abs(seconds)
  out.latin1(seconds < 0 ? '-' : '+')
  for (const part of offsetParts(magnitude)) {
    out.reserve(3)
    out.length = put2(out.view, out.length, part)
    out.latin1(':')
  }
  out.length--
}

function offsetParts(magnitude: number): number[] {
  const parts = [Math.floor(magnitude / 3600), Math.floor(magnitude / 60) % 60]
  return magnitude % 60 === 0 ? parts : [...parts, magnitude % 60]
}

/** `hh[:mm[:ss[.ffffff]]]` → microseconds. */
function parseMicros(bytes: Buffer, start: number, end: number): number {
  let units = 0
  let part = 0
  let parts = 0
  let decimals = -1
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO && byte <= NINE) {
      part = part * 10 + byte - ZERO
      if (decimals >= 0) decimals++
    } else if (byte === 0x3a /* : */) {
      units = units * 60 + part
      part = 0
      parts++
    } else if (byte === 0x2e /* . */) {
      decimals = 0
    }
  }
  const lastDecimals = Math.max(decimals, 0)
  const seconds = units * 60 * 10 ** lastDecimals + part
  return Math.round(seconds * 10 ** (6 - lastDecimals)) * 60 ** (2 - parts)
}

function signBackwards(bytes: Buffer, start: number, end: number): number {
  for (let at = end - 1; at > start; at--) {
    if (bytes[at] === 0x2b /* + */ || bytes[at] === MINUS) return at
  }
  return end
}

function isInfinity(bytes: Buffer, start: number, end: number): boolean {
  return isText(bytes, start, end, 'infinity') || isText(bytes, start, end, '-infinity')
}
