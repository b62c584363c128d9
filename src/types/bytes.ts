import { BACKSLASH, LOWER_X, MINUS, QUOTE } from '../bytes/ascii.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { expectBytes } from './numbers.ts'
import { accelerated, EXACT, type ValueWriter } from './pg-type.ts'
import { isText, writeNulled, writeString } from './text.ts'

const BLOCK_BYTES = 65_536
/**
 * Block size for hex digits: divisible by 3, because six hex digits are four characters of base64
 * without padding.
 */
const HEX_BLOCK_BYTES = 6 * 16_384
/** Block size for base64: whole groups of three bytes need no padding. */
const BASE64_BLOCK_BYTES = 3 * 1024
const XML_DECLARATION = '<?xml '
/** ASCII of 00 … ff, each as one big-endian word. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16BE(),
)
export const UUID_BYTES = 16
/** Length of the text form of a uuid. */
export const UUID_CHARACTERS = 36

/** bool, COPY binary: one byte. */
export const writeBool = accelerated('Bool', (out, bytes, start, end) => {
  expectBytes(end - start, 1)
  out.latin1(bytes[start] === 0 ? 'false' : 'true')
  return EXACT
})

/** bool, text: `t` or `f`. */
export const writeBoolText: ValueWriter = (out, bytes, start, end) => {
  const isTrue = isText(bytes, start, end, 't')
  if (!isTrue && !isText(bytes, start, end, 'f')) return writeNulled(out)
  out.latin1(isTrue ? 'true' : 'false')
  return EXACT
}

/** uuid, COPY binary: 16 bytes → `8-4-4-4-12` lower-case hex digits. */
export const writeUuid = accelerated('Uuid', (out, bytes, start, end) => {
  expectBytes(end - start, UUID_BYTES)
  out.reserve(UUID_CHARACTERS + 2)
  const target = out.view
  const at = out.length
  target.setUint8(at, QUOTE)
  putUuid(target, at + 1, viewOf(bytes), start)
  target.setUint8(at + 1 + UUID_CHARACTERS, QUOTE)
  out.length = at + UUID_CHARACTERS + 2
  return EXACT
})

/** Writes the `UUID_CHARACTERS` of the 16 bytes at `start`. */
export function putUuid(target: DataView, at: number, source: DataView, start: number): void {
  putHex4(target, at, source.getUint16(start))
  putHex4(target, at + 4, source.getUint16(start + 2))
  target.setUint8(at + 8, MINUS)
  putHex4(target, at + 9, source.getUint16(start + 4))
  target.setUint8(at + 13, MINUS)
  putHex4(target, at + 14, source.getUint16(start + 6))
  target.setUint8(at + 18, MINUS)
  putHex4(target, at + 19, source.getUint16(start + 8))
  target.setUint8(at + 23, MINUS)
  putHex4(target, at + 24, source.getUint16(start + 10))
  putHex4(target, at + 28, source.getUint16(start + 12))
  putHex4(target, at + 32, source.getUint16(start + 14))
}

/** Writes two bytes as four hex digits. */
function putHex4(target: DataView, at: number, value: number): void {
  target.setInt32(at, (HEX_PAIRS[value >> 8]! << 16) | HEX_PAIRS[value & 0xff]!)
}

/** bytea, COPY binary: the bytes → `"\\x1234"`, the text form in JSON. */
export const writeBytea = accelerated('Bytea', (out, bytes, start, end) => {
  out.latin1('"\\\\x')
  for (let block = start; block < end; block += BLOCK_BYTES) {
    const blockEnd = Math.min(end, block + BLOCK_BYTES)
    out.reserve(2 * (blockEnd - block))
    const target = out.view
    let at = out.length
    for (let i = block; i < blockEnd; i++, at += 2) target.setUint16(at, HEX_PAIRS[bytes[i]!]!)
    out.length = at
  }
  out.byte(QUOTE)
  return EXACT
})

/** bytea in an array, text `\x1234` → base64, like the official connector. */
export const writeByteaElement: ValueWriter = (out, bytes, start, end) => {
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== LOWER_X || start + 2 > end) {
    return writeNulled(out)
  }
  out.byte(QUOTE)
  for (let at = start + 2; at < end; at += HEX_BLOCK_BYTES) {
    const hex = bytes.toString('latin1', at, Math.min(end, at + HEX_BLOCK_BYTES))
    out.latin1(Buffer.from(hex, 'hex').toString('base64'))
  }
  out.byte(QUOTE)
  return EXACT
}

/** bytea in an array, binary → base64. */
export const writeBinaryByteaElement: ValueWriter = (out, bytes, start, end) => {
  out.byte(QUOTE)
  for (let at = start; at < end; at += BASE64_BLOCK_BYTES) {
    out.latin1(bytes.toString('base64', at, Math.min(end, at + BASE64_BLOCK_BYTES)))
  }
  out.byte(QUOTE)
  return EXACT
}

/** bit in an array, text → boolean, like the official connector: true only for `1`. */
export const writeBitElement: ValueWriter = (out, bytes, start, end) => {
  out.latin1(isText(bytes, start, end, '1') ? 'true' : 'false')
  return EXACT
}

/** jsonb, COPY binary: a version byte, then the text. */
export const writeJsonb = accelerated('Jsonb', (out, bytes, start, end) => {
  if (start === end || bytes[start] !== 1)
    throw new RangeError('damaged COPY stream: unknown jsonb version')
  return writeString(out, bytes, start + 1, end)
})

/**
 * xml, text of the output function → the same text without the XML declaration, which drivers also
 * remove.
 */
export const writeXml: ValueWriter = (out, bytes, start, end) => {
  const head = Math.min(end, start + XML_DECLARATION.length)
  if (!isText(bytes, start, head, XML_DECLARATION)) return writeString(out, bytes, start, end)
  const close = bytes.subarray(start, end).indexOf('?>')
  return writeString(out, bytes, close < 0 ? start : start + close + 2, end)
}
