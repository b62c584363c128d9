import { isUtf8 } from 'node:buffer'

/** From this length on, a call into the runtime is faster than a loop. */
const LONG_BYTES = 96
/** Number of bytes repaired at a time, so that no string exceeds V8's limit. */
const BLOCK_BYTES = 65_536
const CONTINUATION_MASK = 0xc0
const CONTINUATION = 0x80

/** Whether `bytes[start, end)` is UTF-8. https://www.rfc-editor.org/rfc/rfc3629#section-4 */
export function isValidUtf8(bytes: Buffer, start: number, end: number): boolean {
  if (end - start >= LONG_BYTES) return isUtf8(bytes.subarray(start, end))
  for (let at = start; at < end;) {
    const length = sequenceBytes(bytes, at)
    if (length === 0 || at + length > end) return false
    at += length
  }
  return true
}

/**
 * Returns `bytes[start, end)` as UTF-8. Invalid bytes become U+FFFD, like in the WHATWG decoder.
 */
export function replaceInvalidUtf8(bytes: Buffer, start: number, end: number): Buffer {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const blocks: Buffer[] = []
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(end, at + BLOCK_BYTES)
    const text = decoder.decode(bytes.subarray(at, blockEnd), { stream: blockEnd < end })
    blocks.push(Buffer.from(text))
  }
  return Buffer.concat(blocks)
}

/**
 * Length of the well-formed sequence at `at`, which may end after the end of the value; 0:
 * malformed.
 */
function sequenceBytes(bytes: Buffer, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4 || !isContinuation(bytes[at + 1])) return 0
  if (lead < 0xe0) return 2
  const second = bytes[at + 1]!
  if (!isContinuation(bytes[at + 2])) return 0
  if (lead < 0xf0) {
    const isOverlong = lead === 0xe0 && second < 0xa0
    const isSurrogate = lead === 0xed && second > 0x9f
    return isOverlong || isSurrogate ? 0 : 3
  }
  if (!isContinuation(bytes[at + 3])) return 0
  const isOverlong = lead === 0xf0 && second < 0x90
  const isAboveUnicode = lead === 0xf4 && second > 0x8f
  return isOverlong || isAboveUnicode ? 0 : 4
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & CONTINUATION_MASK) === CONTINUATION
}
