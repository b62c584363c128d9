import { QUOTE, UPPER_T, UPPER_Z } from '../bytes/ascii.ts'
import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import {
  DATE_MAX_BYTES,
  isBeforeChrist,
  putDate,
  putTime,
  timeDecimals,
  TIME_MAX_BYTES,
} from './calendar.ts'
import { put2 } from '../bytes/digits.ts'
import { expectBytes } from './numbers.ts'
import { accelerated, EXACT, type Outcome, type ValueWriter } from './pg-type.ts'
import { isText, writeNulled, writeString } from './text.ts'
import {
  endsWithBc,
  findDateEnd,
  findOffset,
  MALFORMED,
  parseMicros,
  parseOffset,
} from './time-text.ts'

/** Day numbers of the infinite dates in the binary form. */
export const DATE_INFINITY = 0x7fff_ffff
export const DATE_MINUS_INFINITY = -0x8000_0000
const MICROS_PER_DAY = 86_400_000_000
const MICROS_PER_DAY_BIG = BigInt(MICROS_PER_DAY)
/** Limit of UTC offsets: the server accepts up to 15:59:59. */
const MAX_OFFSET_SECONDS = 16 * 3600
/** Suffix of a timestamptz with TimeZone UTC. */
const UTC_OFFSET = '+00'
/** `24:00:00` has no ISO form. The official connector prints the last nanosecond of the day. */
const END_OF_DAY = '23:59:59.999999999'

/**
 * date, COPY binary: int32 days since 2000-01-01 → `1999-01-08`, `0044-03-15 BC`; ±infinity is
 * null.
 */
export const writeDate = accelerated('Date', (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  const days = viewOf(bytes).getInt32(start)
  if (days === DATE_INFINITY || days === DATE_MINUS_INFINITY) return writeNulled(out)
  out.reserve(DATE_MAX_BYTES + 5)
  out.bytes[out.length++] = QUOTE
  out.length = putDate(out.view, out.length, days)
  return closeDate(out, days)
})

/** date, text with DateStyle ISO → the same text. */
export const writeDateText: ValueWriter = (out, bytes, start, end) => {
  if (isInfinity(bytes, start, end)) return writeNulled(out)
  return writeString(out, bytes, start, end)
}

/** time, COPY binary: int64 microseconds of the day. */
export const writeTime = accelerated('Time', (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  const micros = timeOfDay(bytes, start)
  out.byte(QUOTE)
  writeTimeOfDay(out, micros)
  out.byte(QUOTE)
  return EXACT
})

/** time, text: `13:00:05.01234`. */
export const writeTimeText: ValueWriter = (out, bytes, start, end) => {
  const micros = parseMicros(bytes, start, end)
  if (!isTimeOfDay(micros)) return writeNulled(out)
  out.byte(QUOTE)
  writeTimeOfDay(out, micros)
  out.byte(QUOTE)
  return EXACT
}

/**
 * timetz, COPY binary: int64 microseconds of the day, int32 seconds west of UTC →
 * `13:00:01.123456-07:00`.
 */
export const writeTimeTz: ValueWriter = (out, bytes, start, end) => {
  expectBytes(end - start, 12)
  const micros = timeOfDay(bytes, start)
  const seconds = -viewOf(bytes).getInt32(start + 8)
  if (!isOffset(seconds)) throw new RangeError('damaged COPY stream: an impossible UTC offset')
  out.byte(QUOTE)
  writeTimeOfDay(out, micros)
  writeOffset(out, seconds)
  out.byte(QUOTE)
  return EXACT
}

/** timetz, text: `13:00:01.123456-07`, `+05:30`, `+01:02:03`. */
export const writeTimeTzText: ValueWriter = (out, bytes, start, end) => {
  const sign = findOffset(bytes, start, end)
  const micros = parseMicros(bytes, start, sign)
  const seconds = parseOffset(bytes, sign, end)
  if (!isTimeOfDay(micros) || seconds === null || !isOffset(seconds)) return writeNulled(out)
  out.byte(QUOTE)
  writeTimeOfDay(out, micros)
  writeOffset(out, seconds)
  out.byte(QUOTE)
  return EXACT
}

/**
 * timestamp, COPY binary: int64 microseconds since 2000-01-01 → `2004-10-19T10:23:54.123456`;
 * ±infinity is null.
 */
export const writeTimestamp = accelerated('Timestamp', (out, bytes, start, end) =>
  writeInstant(out, bytes, start, end, false),
)

/** timestamptz, COPY binary: the same in UTC, always six decimals and `Z`. */
export const writeTimestampTz = accelerated('TimestampTz', (out, bytes, start, end) =>
  writeInstant(out, bytes, start, end, true),
)

/** timestamp, text: `2004-10-19 10:23:54.123456 BC`. */
export const writeTimestampText: ValueWriter = (out, bytes, start, end) =>
  writeInstantText(out, bytes, start, end, false)

/** timestamptz, text with TimeZone UTC: `2004-10-19 18:23:00+00`. */
export const writeTimestampTzText: ValueWriter = (out, bytes, start, end) =>
  writeInstantText(out, bytes, start, end, true)

/** Result of the last `readInstant`: days since 2000-01-01, and microseconds of the day. */
export const instant = { days: 0, micros: 0 }

/**
 * Reads the int64 microseconds of a timestamp into `instant`. Exact over the full range, 4713 BC –
 * 294276 AD: beyond 2^53 microseconds the day is computed as a bigint.
 * @returns false for ±infinity.
 */
export function readInstant(bytes: Buffer, start: number): boolean {
  const high = viewOf(bytes).getInt32(start)
  const low = viewOf(bytes).getUint32(start + 4)
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + low
    instant.days = Math.floor(value / MICROS_PER_DAY)
    instant.micros = value - instant.days * MICROS_PER_DAY
    return true
  }
  if (high === 0x7fff_ffff && low === 0xffff_ffff) return false
  if (high === -0x8000_0000 && low === 0) return false
  const value = (BigInt(high) << 32n) | BigInt(low)
  const remainder = ((value % MICROS_PER_DAY_BIG) + MICROS_PER_DAY_BIG) % MICROS_PER_DAY_BIG
  instant.days = Number((value - remainder) / MICROS_PER_DAY_BIG)
  instant.micros = Number(remainder)
  return true
}

function writeInstant(
  out: ByteBuffer,
  bytes: Buffer,
  start: number,
  end: number,
  isUtc: boolean,
): Outcome {
  expectBytes(end - start, 8)
  if (!readInstant(bytes, start)) return writeNulled(out)
  const { days, micros } = instant
  out.reserve(DATE_MAX_BYTES + TIME_MAX_BYTES + 8)
  const target = out.view
  target.setUint8(out.length, QUOTE)
  let at = putDate(target, out.length + 1, days)
  target.setUint8(at++, UPPER_T)
  at = putTime(target, at, micros, isUtc ? 6 : timeDecimals(micros))
  if (isUtc) target.setUint8(at++, UPPER_Z)
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
  const isBc = endsWithBc(bytes, start, end)
  const zoneEnd = isBc ? end - 3 : end
  const timeEnd = isUtc ? zoneEnd - UTC_OFFSET.length : zoneEnd
  const dateEnd = findDateEnd(bytes, start, timeEnd)
  const micros = parseMicros(bytes, dateEnd + 1, timeEnd)
  const isWellFormed =
    dateEnd !== MALFORMED &&
    isTimeOfDay(micros) &&
    isText(bytes, timeEnd, zoneEnd, isUtc ? UTC_OFFSET : '')
  if (!isWellFormed) return writeNulled(out) // ±infinity has no time part
  out.byte(QUOTE)
  out.copy(bytes, start, dateEnd)
  out.reserve(TIME_MAX_BYTES + 8)
  out.byte(UPPER_T)
  out.length = putTime(out.view, out.length, micros, isUtc ? 6 : timeDecimals(micros))
  if (isUtc) out.byte(UPPER_Z)
  if (isBc) out.latin1(' BC')
  out.byte(QUOTE)
  return EXACT
}

function closeDate(out: ByteBuffer, days: number): typeof EXACT {
  if (isBeforeChrist(days)) out.latin1(' BC')
  out.byte(QUOTE)
  return EXACT
}

/**
 * Reads the microseconds of a time of day.
 * @throws RangeError unless the int64 at `start` is a number of microseconds up to 24 hours.
 */
export function timeOfDay(bytes: Buffer, start: number): number {
  const micros = viewOf(bytes).getInt32(start) * 0x1_0000_0000 + viewOf(bytes).getUint32(start + 4)
  if (!isTimeOfDay(micros)) throw new RangeError('damaged COPY stream: an impossible time of day')
  return micros
}

function isTimeOfDay(micros: number): boolean {
  return micros >= 0 && micros <= MICROS_PER_DAY
}

function isOffset(seconds: number): boolean {
  return Math.abs(seconds) < MAX_OFFSET_SECONDS
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
    out.byte(UPPER_Z)
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

function isInfinity(bytes: Buffer, start: number, end: number): boolean {
  return isText(bytes, start, end, 'infinity') || isText(bytes, start, end, '-infinity')
}
