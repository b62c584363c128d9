import { BACKSLASH, LOWER_U } from '../../../bytes/ascii.ts'
import type { ByteBuffer } from '../../../bytes/byte-buffer.ts'

const HEX_DIGITS = 4
/** Meaning of the letter after a backslash; 0: the letter itself. */
const MEANINGS = new Uint8Array(256)
for (const [letter, byte] of [
  ['b', 0x08],
  ['t', 0x09],
  ['n', 0x0a],
  ['f', 0x0c],
  ['r', 0x0d],
] as const) {
  MEANINGS[letter.charCodeAt(0)] = byte
}

/**
 * Appends the text of a JSON string, given without quotes. The string was made by the writers of
 * src/types, which use \\u escapes only for control characters.
 */
export function unescapeJson(out: ByteBuffer, json: Buffer, start: number, end: number): void {
  let from = start
  for (;;) {
    const at = json.subarray(from, end).indexOf(BACKSLASH)
    if (at === -1) break
    out.copy(json, from, from + at)
    const letter = json[from + at + 1]!
    from += at + 2
    if (letter === LOWER_U) {
      out.byte(Number.parseInt(json.toString('latin1', from, from + HEX_DIGITS), 16))
      from += HEX_DIGITS
    } else out.byte(MEANINGS[letter]! || letter)
  }
  out.copy(json, from, end)
}
