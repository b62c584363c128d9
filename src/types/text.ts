import type { ByteBuffer } from '../protocol/byte-buffer.ts'
import { viewOf } from '../wire/byte-view.ts'
import { EXACT, NULLED, type Outcome, type ValueWriter } from './pg-type.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const U = 0x75
/** How much is escaped at a time, so that a huge value needs no huge reservation. */
const BLOCK_BYTES = 65_536
const HEX = Buffer.from('0123456789abcdef')

/** What follows the backslash for each byte that JSON wants escaped; 0 where it wants nothing. */
const ESCAPES = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) ESCAPES[byte] = U
for (const [byte, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
] as const) {
  ESCAPES[byte] = letter.charCodeAt(0)
}

/** UTF-8 bytes → a JSON string. https://datatracker.ietf.org/doc/html/rfc8259#section-7 */
export const writeString: ValueWriter = (out, bytes, start, end) => {
  out.byte(QUOTE)
  writeEscaped(out, bytes, start, end)
  out.byte(QUOTE)
  return EXACT
}

/** The inside of a JSON string: four bytes at a time while none of them needs an escape. */
export function writeEscaped(out: ByteBuffer, bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(end, at + BLOCK_BYTES)
    out.reserve((blockEnd - at) * 6)
    out.length = putEscaped(out, bytes, at, blockEnd)
  }
}

/** `null`, with the outcome that says so. */
export function writeNulled(out: ByteBuffer): Outcome {
  out.latin1('null')
  return NULLED
}

/** Copies `bytes[start, end)` as they are: JSON already, such as an integer in decimal. */
export const writeVerbatim: ValueWriter = (out, bytes, start, end) => {
  out.copy(bytes, start, end)
  return EXACT
}

/** Whether `bytes[start, end)` is the ASCII text `text`. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

function putEscaped(out: ByteBuffer, bytes: Buffer, start: number, end: number): number {
  const source = viewOf(bytes)
  const target = out.view
  let to = out.length
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = source.getInt32(at, true)
    if (needsEscape(word)) {
      to = putByte(target, to, word & 0xff)
      to = putByte(target, to, (word >> 8) & 0xff)
      to = putByte(target, to, (word >> 16) & 0xff)
      to = putByte(target, to, word >>> 24)
    } else {
      target.setInt32(to, word, true)
      to += 4
    }
  }
  for (; at < end; at++) to = putByte(target, to, source.getUint8(at))
  return to
}

/**
 * Whether one of four bytes is a control character, a quote or a backslash. In each term a byte's high bit is set when it
 * is below 0x20, or equals 0x22 or 0x5c; a borrow can only set the bit of a byte above one that is set already.
 * https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
 */
function needsEscape(word: number): boolean {
  const quotes = word ^ 0x2222_2222
  const backslashes = word ^ 0x5c5c_5c5c
  const found =
    ((word - 0x2020_2020) & ~word) |
    ((quotes - 0x0101_0101) & ~quotes) |
    ((backslashes - 0x0101_0101) & ~backslashes)
  return (found & 0x8080_8080) !== 0
}

function putByte(target: DataView, at: number, byte: number): number {
  const escape = ESCAPES[byte]!
  if (escape === 0) {
    target.setUint8(at, byte)
    return at + 1
  }
  target.setUint8(at, BACKSLASH)
  target.setUint8(at + 1, escape)
  return escape === U ? putControl(target, at + 2, byte) : at + 2
}

/** What follows `\\u` for a control character. */
function putControl(target: DataView, at: number, byte: number): number {
  target.setUint16(at, 0x3030)
  target.setUint8(at + 2, HEX[byte >> 4]!)
  target.setUint8(at + 3, HEX[byte & 15]!)
  return at + 4
}
