import { div10000, pair, quad } from './digits'
import { HANDED_BACK } from './op'

const QUOTE: u8 = 0x22
const POINT: u8 = 0x2e
/** `Z"` */
const UTC_END: u16 = 0x225a
const T: u8 = 0x54
const HYPHEN: u8 = 0x2d
const COLON: u8 = 0x3a
const E4: u32 = 10_000
const MICROS_PER_SECOND: u64 = 1_000_000
const MICROS_PER_DAY: i64 = 86_400_000_000
const DATE_BYTES: usize = 10
const TIME_BYTES: usize = 8
/**
 * 0001-01-01 and 9999-12-31, as days since 2000-01-01. Years with more or fewer digits are handed
 * back.
 */
const FIRST_DAY: i32 = -730_119
const LAST_DAY: i32 = 2_921_939
const DAYS_PER_ERA: i32 = 146_097
/** Days from 0000-03-01 to 2000-01-01 in the proleptic Gregorian calendar. */
const DAYS_TO_2000: i32 = 730_425
/** Cached texts of days, by the lower bits of the day. */
const CACHE_SLOTS: i32 = 4096
const CACHED_DAYS: usize = memory.data(4096 * 4, 16)
const CACHED_TEXTS: usize = memory.data(4096 * 16, 16)

for (let slot = 0; slot < CACHE_SLOTS; slot++) store<i32>(CACHED_DAYS + (slot << 2), i32.MIN_VALUE)

/** Days since 2000-01-01 → `"2004-10-19"`. */
export function putDate(out: usize, days: i32): usize {
  if (days < FIRST_DAY || days > LAST_DAY) return HANDED_BACK
  store<u8>(out, QUOTE)
  out = putDay(out + 1, days)
  store<u8>(out, QUOTE)
  return out + 1
}

/** Microseconds of a day → `"23:04:05.123"`; 24:00 is handed back. */
export function putTimeOfDay(out: usize, micros: i64): usize {
  if (<u64>micros >= <u64>MICROS_PER_DAY) return HANDED_BACK
  store<u8>(out, QUOTE)
  out = putDecimals(putTime(out + 1, <u64>micros), <u64>micros)
  store<u8>(out, QUOTE)
  return out + 1
}

/** Microseconds since 2000-01-01 → `"2004-10-19T10:23:54.123456"`. */
export function putTimestamp(out: usize, value: i64): usize {
  const days = dayOf(value)
  if (days < FIRST_DAY || days > LAST_DAY) return HANDED_BACK
  const micros = <u64>(value - <i64>days * MICROS_PER_DAY)
  store<u8>(out, QUOTE)
  out = putDay(out + 1, days)
  store<u8>(out, T)
  out = putDecimals(putTime(out + 1, micros), micros)
  store<u8>(out, QUOTE)
  return out + 1
}

/** timestamptz: the same in UTC, always with six decimals and `Z`. */
export function putTimestampTz(out: usize, value: i64): usize {
  const days = dayOf(value)
  if (days < FIRST_DAY || days > LAST_DAY) return HANDED_BACK
  const micros = <u64>(value - <i64>days * MICROS_PER_DAY)
  store<u8>(out, QUOTE)
  out = putDay(out + 1, days)
  store<u8>(out, T)
  out = putMicros(putTime(out + 1, micros), <u32>(micros % MICROS_PER_SECOND))
  store<u16>(out, UTC_END)
  return out + 2
}

/** Day of a timestamp, rounded down. The infinities become days outside the range of dates. */
function dayOf(value: i64): i32 {
  const days = <i32>(value / MICROS_PER_DAY)
  return <i64>days * MICROS_PER_DAY > value ? days - 1 : days
}

/** `23:04:05` */
function putTime(out: usize, micros: u64): usize {
  const seconds = <u32>(micros / MICROS_PER_SECOND)
  const minutes = seconds / 60
  const hours = minutes / 60
  const head = pair(hours) | ((<u32>COLON) << 16)
  const middle = pair(minutes - hours * 60) | ((<u32>COLON) << 16)
  store<u32>(out, head)
  store<u32>(out + 3, middle)
  store<u16>(out + 6, <u16>pair(seconds - minutes * 60))
  return out + TIME_BYTES
}

/** Appends six decimals for a whole minute, otherwise none, three or six as needed. */
function putDecimals(out: usize, micros: u64): usize {
  const fraction = <u32>(micros % MICROS_PER_SECOND)
  if (fraction == 0) {
    const isWholeMinute = <u32>(micros / MICROS_PER_SECOND) % 60 == 0
    return isWholeMinute ? putMicros(out, 0) : out
  }
  const millis = fraction / 1000
  if (millis * 1000 != fraction) return putMicros(out, fraction)
  store<u8>(out, POINT)
  store<u32>(out + 1, quad(millis) >>> 8)
  return out + 4
}

/** `.123456` */
function putMicros(out: usize, fraction: u32): usize {
  const high = div10000(fraction)
  store<u8>(out, POINT)
  store<u16>(out + 1, <u16>pair(high))
  store<u32>(out + 3, quad(fraction - high * E4))
  return out + 7
}

/** `2004-10-19`; stores 16 bytes. */
function putDay(out: usize, days: i32): usize {
  const slot = <usize>(days & (CACHE_SLOTS - 1))
  const text = CACHED_TEXTS + (slot << 4)
  if (load<i32>(CACHED_DAYS + (slot << 2)) != days) {
    putCivil(text, days)
    store<i32>(CACHED_DAYS + (slot << 2), days)
  }
  v128.store(out, v128.load(text))
  return out + DATE_BYTES
}

/**
 * Writes a date in the Gregorian calendar, computed with eras of 400 years from 0000-03-01:
 * http://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function putCivil(out: usize, days: i32): void {
  const sinceMarch0 = days + DAYS_TO_2000
  const era = sinceMarch0 / DAYS_PER_ERA
  const dayOfEra = sinceMarch0 - era * DAYS_PER_ERA
  const leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
  const yearOfEra = (dayOfEra - leapDays) / 365
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  const marchMonth = (5 * dayOfYear + 2) / 153
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  store<u32>(out, quad(year))
  store<u8>(out + 4, HYPHEN)
  store<u16>(out + 5, <u16>pair(month))
  store<u8>(out + 7, HYPHEN)
  store<u16>(out + 8, <u16>pair(day))
}
