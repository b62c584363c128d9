import { COLON, MINUS, NINE, PLUS, POINT, SPACE, ZERO } from '../bytes/ascii.ts'
import { isText } from './text.ts'

const MAX_DECIMALS = 6
const MICROS_PER_SECOND = 1_000_000
/** Returned in place of a number if the text does not have PostgreSQL's format. */
export const MALFORMED = -1

/** `hh[:mm[:ss[.ffffff]]]` → microseconds, or MALFORMED. */
export function parseMicros(bytes: Buffer, start: number, end: number): number {
  let units = 0
  let part = 0
  let parts = 0
  let decimals = MALFORMED
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO && byte <= NINE) {
      part = part * 10 + byte - ZERO
      if (decimals >= 0) decimals++
    } else if (byte === COLON && parts < 2) {
      units = units * 60 + part
      part = 0
      parts++
    } else if (byte === POINT && parts === 2 && decimals < 0) {
      decimals = 0
    } else {
      return MALFORMED
    }
  }
  if (start >= end || decimals > MAX_DECIMALS) return MALFORMED
  const scale = 10 ** Math.max(decimals, 0)
  return (units * 60 * scale + part) * (MICROS_PER_SECOND / scale) * 60 ** (2 - parts)
}

/** `+hh[:mm[:ss]]` → seconds east of UTC; null: malformed. */
export function parseOffset(bytes: Buffer, start: number, end: number): number | null {
  const micros = parseMicros(bytes, start + 1, end)
  if (micros === MALFORMED) return null
  return (bytes[start] === MINUS ? -micros : micros) / MICROS_PER_SECOND
}

/**
 * Returns the position of the sign of the offset at the end of a timetz; `end` if there is no
 * offset.
 */
export function findOffset(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === PLUS || bytes[at] === MINUS) return at
  return end
}

/** Returns the position where the date ends and a space and the time follow, or MALFORMED. */
export function findDateEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === SPACE && at > start) return at
    if (byte !== MINUS && (byte < ZERO || byte > NINE)) return MALFORMED
  }
  return MALFORMED
}

/** Whether the text ends with ` BC`. */
export function endsWithBc(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 3 && isText(bytes, end - 3, end, ' BC')
}
