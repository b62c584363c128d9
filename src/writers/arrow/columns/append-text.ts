import type { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import { isValidUtf8, replaceInvalidUtf8 } from '../../../bytes/utf8.ts'
import { viewOf } from '../../../bytes/byte-view.ts'

/** From this length on, a call into the runtime is faster than a loop. */
const LONG_BYTES = 256
/** Mask of the high bits of four bytes. */
const NON_ASCII = 0x8080_8080

/**
 * Appends `bytes[start, end)`, with U+FFFD for invalid UTF-8; returns whether all of it was valid.
 */
export function appendText(out: ByteBuffer, bytes: Buffer, start: number, end: number): boolean {
  if (end - start >= LONG_BYTES) {
    if (isValidUtf8(bytes, start, end)) {
      out.copy(bytes, start, end)
      return true
    }
  } else if (appendAscii(out, bytes, start, end) || isValidUtf8(bytes, start, end)) return true
  else out.length -= end - start
  const valid = replaceInvalidUtf8(bytes, start, end)
  out.copy(valid, 0, valid.length)
  return false
}

/** Copies four bytes at a time; returns whether all of them were ASCII. */
function appendAscii(out: ByteBuffer, bytes: Buffer, start: number, end: number): boolean {
  out.reserve(end - start)
  const source = viewOf(bytes)
  const target = out.view
  let to = out.length
  let at = start
  let seen = 0
  for (; at + 4 <= end; at += 4, to += 4) {
    const word = source.getInt32(at, true)
    seen |= word
    target.setInt32(to, word, true)
  }
  for (; at < end; at++, to++) {
    const byte = source.getUint8(at)
    seen |= byte
    target.setUint8(to, byte)
  }
  out.length = to
  return (seen & NON_ASCII) === 0
}
