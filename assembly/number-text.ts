import { HANDED_BACK } from './op'

const BLOCK_BYTES: usize = 16
const MINUS: u8 = 0x2d
const PLUS: u8 = 0x2b
const POINT: u8 = 0x2e
const ZERO: u8 = 0x30
const EXPONENT: u8 = 0x65

/** Copies the text of a number. A text that is not a JSON number is handed back. */
export function putNumberText(out: usize, at: usize, length: usize): usize {
  const end = at + length
  if (!isJsonNumber(at, end)) return HANDED_BACK
  const outEnd = out + length
  for (; out < outEnd; at += BLOCK_BYTES, out += BLOCK_BYTES) v128.store(out, v128.load(at))
  return outEnd
}

/**
 * Checks for digits, an optional fraction and an optional exponent, as in
 * https://www.rfc-editor.org/rfc/rfc8259#section-6
 */
function isJsonNumber(start: usize, end: usize): bool {
  const whole = byteAt(start, end) == MINUS ? start + 1 : start
  let at = skipDigits(whole, end)
  if (at == whole || (load<u8>(whole) == ZERO && at > whole + 1)) return false
  if (byteAt(at, end) == POINT) {
    const fraction = at + 1
    at = skipDigits(fraction, end)
    if (at == fraction) return false
  }
  if (byteAt(at, end) == EXPONENT) {
    const sign = byteAt(at + 1, end)
    const power = sign == PLUS || sign == MINUS ? at + 2 : at + 1
    at = skipDigits(power, end)
    if (at == power) return false
  }
  return at == end
}

function skipDigits(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) - ZERO < 10) at++
  return at
}

/** Returns 0 after the end. */
function byteAt(at: usize, end: usize): u8 {
  return at < end ? load<u8>(at) : 0
}
