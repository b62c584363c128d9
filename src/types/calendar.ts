import { COLON, MINUS, POINT } from '../bytes/ascii.ts'
import { put2, put4, put6, putUint } from '../bytes/digits.ts'

const DAYS_PER_ERA = 146_097
/** Days from 0000-03-01 to 2000-01-01 in the proleptic Gregorian calendar. */
const DAYS_TO_2000 = 730_425
const MICROS_PER_SECOND = 1_000_000
const CACHE_SLOTS = 4096
const DATE_BYTES = 10
const LAST_FOUR_DIGIT_DAY = 2_921_939 /* 9999-12-31 */
const FIRST_FOUR_DIGIT_DAY = -730_119 /* 0001-01-01 */

const cachedDays = new Int32Array(CACHE_SLOTS).fill(-0x8000_0000)
const cachedText = new DataView(new ArrayBuffer(CACHE_SLOTS * 16))

/** Maximum length of a date: `5874897-12-31`, rounded up. */
export const DATE_MAX_BYTES = 16
/** Maximum length of a time of day: `23:59:59.999999999`. */
export const TIME_MAX_BYTES = 18

/**
 * Writes days since 2000-01-01 as `2004-10-19` at `at`. Years before 1 have no ` BC` here; years
 * above 9999 keep all digits.
 * @returns the position after the date.
 */
export function putDate(target: DataView, at: number, days: number): number {
  if (days < FIRST_FOUR_DIGIT_DAY || days > LAST_FOUR_DIGIT_DAY) return putCivil(target, at, days)
  const slot = days & (CACHE_SLOTS - 1)
  const from = slot * 16
  if (cachedDays[slot] !== days) {
    putCivil(cachedText, from, days)
    cachedDays[slot] = days
  }
  target.setFloat64(at, cachedText.getFloat64(from)) // ASCII digits are never the bits of a NaN, so the copy is exact
  target.setUint16(at + 8, cachedText.getUint16(from + 8))
  return at + DATE_BYTES
}

/** Whether a date is before the year 1. Such a date is printed with ` BC` at its end. */
export function isBeforeChrist(days: number): boolean {
  return days < FIRST_FOUR_DIGIT_DAY
}

/**
 * Writes microseconds of a day as `23:04:05`, with `decimals` (0, 3 or 6) digits after the point.
 */
export function putTime(target: DataView, at: number, micros: number, decimals: 0 | 3 | 6): number {
  const seconds = Math.floor(micros / MICROS_PER_SECOND)
  const minutes = (seconds / 60) | 0
  const hours = (minutes / 60) | 0
  at = put2(target, at, hours)
  target.setUint8(at++, COLON)
  at = put2(target, at, minutes - hours * 60)
  target.setUint8(at++, COLON)
  at = put2(target, at, seconds - minutes * 60)
  if (decimals === 0) return at
  target.setUint8(at++, POINT)
  return decimals === 6
    ? put6(target, at, micros - seconds * MICROS_PER_SECOND)
    : putMillis(target, at, (micros - seconds * MICROS_PER_SECOND) / 1000)
}

/**
 * Number of decimals of a time whose column does not fix it: six for a whole minute, otherwise
 * none, three or six as needed. The official connector prints Java's ISO text, but completes whole
 * minutes.
 */
export function timeDecimals(micros: number): 0 | 3 | 6 {
  const seconds = Math.floor(micros / MICROS_PER_SECOND)
  const fraction = (micros - seconds * MICROS_PER_SECOND) | 0
  if (fraction === 0) return (seconds | 0) % 60 === 0 ? 6 : 0
  return fraction % 1000 === 0 ? 3 : 6
}

/**
 * Writes a date in the Gregorian calendar, computed with eras of 400 years from 0000-03-01:
 * http://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function putCivil(target: DataView, at: number, days: number): number {
  const sinceMarch0 = days + DAYS_TO_2000
  const era = Math.floor(sinceMarch0 / DAYS_PER_ERA)
  const dayOfEra = sinceMarch0 - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays)
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const astronomicalYear = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  const year = astronomicalYear > 0 ? astronomicalYear : 1 - astronomicalYear
  at = year < 10_000 ? put4(target, at, year) : putUint(target, at, year)
  target.setUint8(at++, MINUS)
  at = put2(target, at, month)
  target.setUint8(at++, MINUS)
  return put2(target, at, day)
}

function putMillis(target: DataView, at: number, millis: number): number {
  const hundreds = (millis / 100) | 0
  target.setUint8(at, 0x30 + hundreds)
  return put2(target, at + 1, millis - hundreds * 100)
}
