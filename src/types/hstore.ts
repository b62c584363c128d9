import { ByteBuffer } from '../protocol/byte-buffer.ts'
import { EXACT, type ValueWriter } from './pg-type.ts'
import { writeEscaped, writeString } from './text.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const N = 0x4e
const object = new ByteBuffer(256)
const word = new ByteBuffer(256)

/**
 * hstore, text: `"color"=>"red", "size"=>NULL` → the JSON text of an object, `{"color":"red","size":null}`, as a string.
 * https://www.postgresql.org/docs/current/hstore.html
 */
export const writeHstore: ValueWriter = (out, bytes, start, end) => {
  object.length = 0
  object.latin1('{')
  let isKey = true
  for (let at = start; at < end;) {
    const byte = bytes[at]!
    if (byte !== QUOTE && byte !== N) {
      at++
      continue
    }
    if (isKey && object.length > 1) object.latin1(',')
    at = byte === QUOTE ? appendQuoted(bytes, at + 1, end) : appendNull(at)
    if (isKey) object.latin1(':')
    isKey = !isKey
  }
  object.latin1('}')
  writeString(out, object.bytes, 0, object.length)
  return EXACT
}

function appendQuoted(bytes: Buffer, start: number, end: number): number {
  word.length = 0
  let at = start
  while (at < end && bytes[at] !== QUOTE) {
    if (bytes[at] === BACKSLASH) at++
    word.byte(bytes[at++]!)
  }
  object.latin1('"')
  writeEscaped(object, word.bytes, 0, word.length)
  object.latin1('"')
  return at + 1
}

function appendNull(at: number): number {
  object.latin1('null')
  return at + 'NULL'.length
}
