import { BACKSLASH, LOWER_U, QUOTE } from '../bytes/ascii.ts'
import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { accelerated, EXACT, NULLED, type Outcome, TRUNCATED } from './pg-type.ts'
import { isValidUtf8, replaceInvalidUtf8 } from '../bytes/utf8.ts'

/** Number of bytes escaped at a time, so that a huge value does not need a huge reservation. */
const BLOCK_BYTES = 65_536
/** Mask of the high bits of four bytes. */
const NON_ASCII = 0x8080_8080
const HEX = Buffer.from('0123456789abcdef')

/** The character after the backslash for each byte that must be escaped in JSON; 0: none. */
const ESCAPES = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) ESCAPES[byte] = LOWER_U
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

/**
 * UTF-8 bytes → a JSON string. Bytes that are not UTF-8 become U+FFFD and are flagged. They occur
 * in a database with the encoding SQL_ASCII. With any other encoding, the server does not validate
 * "char" values, names in shared catalogs and query texts of sessions in other databases.
 * https://datatracker.ietf.org/doc/html/rfc8259#section-7
 */
export const writeString = accelerated('Text', (out, bytes, start, end) => {
  const outStart = out.length
  out.byte(QUOTE)
  const isAscii = writeEscaped(out, bytes, start, end)
  out.byte(QUOTE)
  if (isAscii || isValidUtf8(bytes, start, end)) return EXACT
  out.length = outStart
  const valid = replaceInvalidUtf8(bytes, start, end)
  writeString(out, valid, 0, valid.length)
  return TRUNCATED
})

/**
 * Writes the content of a JSON string, without quotes. Returns whether it is ASCII; otherwise the
 * caller validates the UTF-8.
 */
export function writeEscaped(out: ByteBuffer, bytes: Buffer, start: number, end: number): boolean {
  let seen = 0
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(end, at + BLOCK_BYTES)
    out.reserve((blockEnd - at) * 6)
    seen |= putEscaped(out, bytes, at, blockEnd)
  }
  return (seen & NON_ASCII) === 0
}

/** Writes `null` and returns NULLED. */
export function writeNulled(out: ByteBuffer): Outcome {
  out.latin1('null')
  return NULLED
}

/** Whether `bytes[start, end)` is the ASCII text `text`. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

/**
 * Copies four bytes at a time while none of them must be escaped. Returns the bits that were set in
 * any of them.
 */
function putEscaped(out: ByteBuffer, bytes: Buffer, start: number, end: number): number {
  const source = viewOf(bytes)
  const target = out.view
  let to = out.length
  let at = start
  let seen = 0
  for (; at + 4 <= end; at += 4) {
    const word = source.getInt32(at, true)
    seen |= word
    if ((escapesIn(word) & NON_ASCII) === 0) {
      target.setInt32(to, word, true)
      to += 4
    } else {
      to = putByte(target, to, word & 0xff)
      to = putByte(target, to, (word >> 8) & 0xff)
      to = putByte(target, to, (word >> 16) & 0xff)
      to = putByte(target, to, word >>> 24)
    }
  }
  for (; at < end; at++) {
    const byte = source.getUint8(at)
    seen |= byte
    to = putByte(target, to, byte)
  }
  out.length = to
  return seen
}

/**
 * Returns a word in which the high bit of a byte is set if that byte is a control character, a
 * quote or a backslash: below 0x20, or equal to 0x22 or 0x5c. A borrow sets the bit of another byte
 * only above a byte whose bit is already set.
 * https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
 */
function escapesIn(word: number): number {
  return (
    ((word - 0x2020_2020) |
      ((word ^ 0x2222_2222) - 0x0101_0101) |
      ((word ^ 0x5c5c_5c5c) - 0x0101_0101)) &
    ~word
  )
}

function putByte(target: DataView, at: number, byte: number): number {
  const escape = ESCAPES[byte]!
  if (escape === 0) {
    target.setUint8(at, byte)
    return at + 1
  }
  target.setUint8(at, BACKSLASH)
  target.setUint8(at + 1, escape)
  return escape === LOWER_U ? putControl(target, at + 2, byte) : at + 2
}

/** Writes what follows `\\u` for a control character. */
function putControl(target: DataView, at: number, byte: number): number {
  target.setUint16(at, 0x3030)
  target.setUint8(at + 2, HEX[byte >> 4]!)
  target.setUint8(at + 3, HEX[byte & 15]!)
  return at + 4
}
