import { COLON, LOWER_S, MINUS, PLUS, SPACE } from '../../bytes/ascii.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import { put2, putUint } from '../../bytes/digits.ts'
import { expectBytes } from '../numbers.ts'
import type { Printer } from './printer.ts'
import { putFraction } from './time-printers.ts'

/** First version in which the extreme values are infinities. */
const MAJOR_WITH_INFINITY = 17
const INT32_MAX = 0x7fff_ffff
const INT32_MIN = -0x8000_0000
const INT64_MAX = 0x7fff_ffff_ffff_ffffn
const INT64_MIN = -0x8000_0000_0000_0000n
const MICROS_PER_SECOND = 1_000_000n
const SECONDS_PER_HOUR = 3600
/** Room for `2562047788:00:54` and for the bytes that `putUint` stores after it. */
const CLOCK_BYTES = 24
const PART_BYTES = 16

/**
 * interval with IntervalStyle postgres: int64 microseconds, int32 days, int32 months → `1 year 2
 * mons -3 days +04:05:06.789`. A part after a negative part always has a sign.
 */
export function intervalPrinter(major: number): Printer {
  return (out, bytes, start, end) => {
    expectBytes(end - start, 16)
    const view = viewOf(bytes)
    const micros = view.getBigInt64(start)
    const days = view.getInt32(start + 8)
    const months = view.getInt32(start + 12)
    const infinity = major >= MAJOR_WITH_INFINITY ? infinityText(micros, days, months) : null
    if (infinity !== null) out.latin1(infinity)
    else putInterval(out, { months, days, micros })
  }
}

function infinityText(micros: bigint, days: number, months: number): string | null {
  if (micros === INT64_MAX && days === INT32_MAX && months === INT32_MAX) return 'infinity'
  if (micros === INT64_MIN && days === INT32_MIN && months === INT32_MIN) return '-infinity'
  return null
}

function putInterval(
  out: ByteBuffer,
  { months, days, micros }: { months: number; days: number; micros: bigint },
): void {
  const start = out.length
  const years = Math.trunc(months / 12)
  const rest = months % 12
  putPart(out, start, { value: years, unit: ' year', isBehindMinus: false })
  const isBehindYears = years < 0
  putPart(out, start, { value: rest, unit: ' mon', isBehindMinus: isBehindYears })
  const isBehindMonths = rest === 0 ? isBehindYears : rest < 0
  putPart(out, start, { value: days, unit: ' day', isBehindMinus: isBehindMonths })
  const isBehindDays = days === 0 ? isBehindMonths : days < 0
  if (micros === 0n && out.length > start) return
  if (out.length > start) out.byte(SPACE)
  if (micros < 0n) out.byte(MINUS)
  else if (isBehindDays) out.byte(PLUS)
  putClock(out, micros < 0n ? -micros : micros)
}

function putPart(
  out: ByteBuffer,
  start: number,
  { value, unit, isBehindMinus }: { value: number; unit: string; isBehindMinus: boolean },
): void {
  if (value === 0) return
  if (out.length > start) out.byte(SPACE)
  if (value < 0) out.byte(MINUS)
  else if (isBehindMinus) out.byte(PLUS)
  out.reserve(PART_BYTES)
  out.length = putUint(out.view, out.length, Math.abs(value))
  out.latin1(unit)
  if (value !== 1) out.byte(LOWER_S)
}

/** The hours have as many digits as they need, but at least two. */
function putClock(out: ByteBuffer, micros: bigint): void {
  const seconds = Number(micros / MICROS_PER_SECOND)
  const hours = Math.floor(seconds / SECONDS_PER_HOUR)
  out.reserve(CLOCK_BYTES)
  const { view } = out
  let at = hours < 100 ? put2(view, out.length, hours) : putUint(view, out.length, hours)
  view.setUint8(at, COLON)
  at = put2(view, at + 1, Math.floor(seconds / 60) % 60)
  view.setUint8(at, COLON)
  out.length = put2(view, at + 1, seconds % 60)
  putFraction(out, Number(micros % MICROS_PER_SECOND))
}
