import { BACKSLASH } from '../../bytes/ascii.ts'
import { writeUuid, UUID_CHARACTERS } from '../bytes.ts'
import { expectBytes } from '../numbers.ts'
import { BinaryReader, damaged, type Printer } from './printer.ts'

/** First version that prints bytes above 127 as an escape. */
const MAJOR_WITH_CHAR_ESCAPES = 16
const HIGH_BIT = 0x80
/** Number of bytes printed at a time. */
const BLOCK_BYTES = 65_536
const VERSION = 1

/** bool: `t` or `f`. */
export const printBool: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 1)
  out.latin1(bytes[start] === 0 ? 'f' : 't')
}

/** "char": one byte; zero is the empty text. */
export function charPrinter(major: number): Printer {
  return (out, bytes, start, end) => {
    expectBytes(end - start, 1)
    const byte = bytes[start]!
    if (byte >= HIGH_BIT && major >= MAJOR_WITH_CHAR_ESCAPES) {
      out.byte(BACKSLASH)
      out.latin1(byte.toString(8))
    } else if (byte !== 0) out.byte(byte)
  }
}

/** bytea: `\x1234`. */
export const printBytea: Printer = (out, bytes, start, end) => {
  out.latin1(String.raw`\x`)
  for (let at = start; at < end; at += BLOCK_BYTES) {
    out.latin1(bytes.toString('hex', at, Math.min(end, at + BLOCK_BYTES)))
  }
}

/** uuid: its JSON string without the quotes. */
export const printUuid: Printer = (out, bytes, start, end) => {
  const at = out.length
  writeUuid(out, bytes, start, end)
  out.bytes.copyWithin(at, at + 1, at + 1 + UUID_CHARACTERS)
  out.length = at + UUID_CHARACTERS
}

/** bit, varbit: int32 number of bits, then the bits, the most significant first. */
export const printBits: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  const count = reader.int32()
  const from = reader.skip((count + 7) >> 3)
  reader.finish()
  out.reserve(count)
  for (let index = 0; index < count; index++) {
    const bit = (bytes[from + (index >> 3)]! >> (7 - (index & 7))) & 1
    out.bytes[out.length++] = 0x30 + bit
  }
}

/** jsonb, jsonpath, ltree and its queries: a version byte, then the text. */
export const printVersioned: Printer = (out, bytes, start, end) => {
  if (start === end || bytes[start] !== VERSION) throw damaged()
  out.copy(bytes, start + 1, end)
}
