import { BACKSLASH, COLON, COMMA, QUOTE } from '../bytes/ascii.ts'
import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { BinaryReader, type Printer } from './printers/printer.ts'
import type { ValueWriter } from './pg-type.ts'
import { isText, writeEscaped, writeNulled, writeString } from './text.ts'

const NULL = 'NULL'
const ARROW = '=>'
const SEPARATOR = ', '
/** Returned in place of a position if the text is not an hstore. */
const MALFORMED = -1
/** Length of a null value in the binary form. */
const NULL_LENGTH = -1
/** Buffers for the JSON of the current value, and for its key or value without backslashes. */
const object = new ByteBuffer(256)
const word = new ByteBuffer(256)

/**
 * hstore, text: `"color"=>"red", "size"=>NULL` → the JSON text of an object,
 * `{"color":"red","size":null}`, as a string.
 * https://www.postgresql.org/docs/current/hstore.html
 */
export const writeHstore: ValueWriter = (out, bytes, start, end) => {
  object.reset()
  object.latin1('{')
  let at = start === end ? end : appendPair(bytes, start, end)
  while (at !== MALFORMED && at < end) {
    object.byte(COMMA)
    const isNext = isTextAt(bytes, at, end, SEPARATOR)
    at = isNext ? appendPair(bytes, at + SEPARATOR.length, end) : MALFORMED
  }
  if (at === MALFORMED) return writeNulled(out)
  object.latin1('}')
  return writeString(out, object.bytes, 0, object.length)
}

/**
 * hstore, binary: int32 count; for each pair the length and bytes of key and value. Length -1 is a
 * null value.
 */
export const printHstore: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  const count = reader.int32()
  for (let index = 0; index < count; index++) {
    if (index > 0) out.latin1(SEPARATOR)
    putQuoted(out, reader, reader.int32())
    out.latin1(ARROW)
    const length = reader.int32()
    if (length === NULL_LENGTH) out.latin1(NULL)
    else putQuoted(out, reader, length)
  }
  reader.finish()
}

function putQuoted(out: ByteBuffer, reader: BinaryReader, length: number): void {
  const start = reader.skip(length)
  out.byte(QUOTE)
  for (let at = start; at < start + length; at++) {
    const byte = reader.bytes[at]!
    if (byte === QUOTE || byte === BACKSLASH) out.byte(BACKSLASH)
    out.byte(byte)
  }
  out.byte(QUOTE)
}

function appendPair(bytes: Buffer, start: number, end: number): number {
  const keyEnd = appendQuoted(bytes, start, end)
  if (keyEnd === MALFORMED || !isTextAt(bytes, keyEnd, end, ARROW)) return MALFORMED
  object.byte(COLON)
  const valueStart = keyEnd + ARROW.length
  if (!isTextAt(bytes, valueStart, end, NULL)) return appendQuoted(bytes, valueStart, end)
  object.latin1('null')
  return valueStart + NULL.length
}

function appendQuoted(bytes: Buffer, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) return MALFORMED
  word.reset()
  let at = start + 1
  while (at < end && bytes[at] !== QUOTE) {
    if (bytes[at] === BACKSLASH) at++
    word.byte(bytes[at++]!)
  }
  if (at >= end) return MALFORMED
  object.byte(QUOTE)
  writeEscaped(object, word.bytes, 0, word.length)
  object.byte(QUOTE)
  return at + 1
}

function isTextAt(bytes: Buffer, at: number, end: number, text: string): boolean {
  return at + text.length <= end && isText(bytes, at, at + text.length, text)
}
