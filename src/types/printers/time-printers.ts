import { POINT, SPACE, ZERO } from '../../bytes/ascii.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import { put6 } from '../../bytes/digits.ts'
import { DATE_MAX_BYTES, isBeforeChrist, putDate, putTime, TIME_MAX_BYTES } from '../calendar.ts'
import { expectBytes } from '../numbers.ts'
import { DATE_INFINITY, DATE_MINUS_INFINITY, instant, readInstant, timeOfDay } from '../temporal.ts'
import type { Printer } from './printer.ts'

const MICROS_PER_SECOND = 1_000_000
const INFINITY = 'infinity'
const MINUS_INFINITY = '-infinity'

/** date: `1999-01-08`, `0044-03-15 BC`. */
export const printDate: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  const days = viewOf(bytes).getInt32(start)
  if (days === DATE_INFINITY) out.latin1(INFINITY)
  else if (days === DATE_MINUS_INFINITY) out.latin1(MINUS_INFINITY)
  else {
    putDays(out, days)
    putEra(out, days)
  }
}

/** time: `13:00:05.01234`. */
export const printTime: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  putClock(out, timeOfDay(bytes, start))
}

/** timetz: `13:00:01.123456-07`, `+05:30`, `+01:02:03`. */
export const printTimeTz: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 12)
  putClock(out, timeOfDay(bytes, start))
  const west = viewOf(bytes).getInt32(start + 8)
  const magnitude = Math.abs(west)
  const parts = [magnitude / 3600, (magnitude / 60) % 60, magnitude % 60].map(Math.floor)
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop()
  const offset = parts.map((part) => String(part).padStart(2, '0')).join(':')
  out.latin1(`${west > 0 ? '-' : '+'}${offset}`)
}

/** timestamp: `2004-10-19 10:23:54.123456 BC`. */
export const printTimestamp: Printer = (out, bytes, start, end) => {
  putInstant(out, bytes, { start, end, zone: '' })
}

/** timestamptz with TimeZone UTC: `2004-10-19 18:23:00+00`. */
export const printTimestampTz: Printer = (out, bytes, start, end) => {
  putInstant(out, bytes, { start, end, zone: '+00' })
}

/** Seconds with as many decimals as they need, at most six. */
export function putFraction(out: ByteBuffer, micros: number): void {
  if (micros === 0) return
  out.byte(POINT)
  out.reserve(6)
  out.length = put6(out.view, out.length, micros)
  while (out.bytes[out.length - 1] === ZERO) out.length--
}

function putInstant(
  out: ByteBuffer,
  bytes: Buffer,
  { start, end, zone }: { start: number; end: number; zone: string },
): void {
  expectBytes(end - start, 8)
  if (!readInstant(bytes, start)) {
    out.latin1(viewOf(bytes).getInt8(start) > 0 ? INFINITY : MINUS_INFINITY)
    return
  }
  putDays(out, instant.days)
  out.byte(SPACE)
  putClock(out, instant.micros)
  out.latin1(zone)
  putEra(out, instant.days)
}

function putDays(out: ByteBuffer, days: number): void {
  out.reserve(DATE_MAX_BYTES)
  out.length = putDate(out.view, out.length, days)
}

function putEra(out: ByteBuffer, days: number): void {
  if (isBeforeChrist(days)) out.latin1(' BC')
}

function putClock(out: ByteBuffer, micros: number): void {
  out.reserve(TIME_MAX_BYTES)
  out.length = putTime(out.view, out.length, micros, 0)
  putFraction(out, micros % MICROS_PER_SECOND)
}
