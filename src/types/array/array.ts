import {
  BACKSLASH,
  COMMA,
  EQUALS,
  LEFT_BRACE,
  LEFT_BRACKET,
  QUOTE,
  RIGHT_BRACE,
  RIGHT_BRACKET,
} from '../../bytes/ascii.ts'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { EXACT, NULLED, type Outcome, TRUNCATED, type ValueWriter } from '../pg-type.ts'
import { isText, writeNulled } from '../text.ts'

/** Maximum number of dimensions: MAXDIM. */
const MAX_DEPTH = 6
/** Returned in place of a position if the text is not an array. */
const MALFORMED = -1

/**
 * The text of an array, `{1,"a b",NULL,{…}}` → a JSON array with the same nesting. Bounds other
 * than 1 (`[2:3]={…}`) are not written. An element that JSON cannot represent makes the whole array
 * null.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function arrayWriter(element: ValueWriter, delimiter: string): ValueWriter {
  const delimiterByte = delimiter.charCodeAt(0)
  const scratch = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    const outStart = out.length
    const parser = new ArrayParser(out, bytes, { end, element, delimiterByte, scratch })
    const outcome = parser.parse(start)
    if (outcome !== NULLED) return outcome
    out.length = outStart
    return writeNulled(out)
  }
}

interface ArrayFormat {
  readonly end: number
  readonly element: ValueWriter
  readonly delimiterByte: number
  /** Buffer for a quoted element without its backslashes. */
  readonly scratch: ByteBuffer
}

/**
 * Recursive-descent parser. Each method takes a start position and returns the position after the
 * part that it reads, or MALFORMED.
 */
class ArrayParser {
  readonly #out: ByteBuffer
  readonly #bytes: Buffer
  readonly #end: number
  readonly #format: ArrayFormat
  #worst: Outcome = EXACT

  constructor(out: ByteBuffer, bytes: Buffer, format: ArrayFormat) {
    this.#out = out
    this.#bytes = bytes
    this.#end = format.end
    this.#format = format
  }

  parse(start: number): Outcome {
    let at = start
    if (this.#bytes[at] === LEFT_BRACKET) {
      while (at < this.#end && this.#bytes[at] !== EQUALS) at++
      if (this.#bytes[at - 1] !== RIGHT_BRACKET) return NULLED
      at++
    }
    return this.#array(at, 1) === this.#end ? this.#worst : NULLED
  }

  #array(start: number, depth: number): number {
    if (this.#byteAt(start) !== LEFT_BRACE || depth > MAX_DEPTH) return MALFORMED
    this.#out.byte(LEFT_BRACKET)
    let at = start + 1
    if (this.#byteAt(at) !== RIGHT_BRACE) {
      at = this.#item(at, depth)
      while (at !== MALFORMED && this.#byteAt(at) === this.#format.delimiterByte) {
        this.#out.byte(COMMA)
        at = this.#item(at + 1, depth)
      }
    }
    if (at === MALFORMED || this.#byteAt(at) !== RIGHT_BRACE) return MALFORMED
    this.#out.byte(RIGHT_BRACKET)
    return at + 1
  }

  #item(at: number, depth: number): number {
    const byte = this.#byteAt(at)
    if (byte === LEFT_BRACE) return this.#array(at, depth + 1)
    return byte === QUOTE ? this.#quoted(at + 1) : this.#plain(at)
  }

  #plain(start: number): number {
    const { delimiterByte } = this.#format
    let at = start
    while (at < this.#end && this.#bytes[at] !== delimiterByte && this.#bytes[at] !== RIGHT_BRACE)
      at++
    if (at === start) return MALFORMED
    if (isText(this.#bytes, start, at, 'NULL')) this.#out.latin1('null')
    else if (!this.#element(this.#bytes, start, at)) return MALFORMED
    return at
  }

  #quoted(start: number): number {
    const { scratch } = this.#format
    scratch.reset()
    let at = start
    while (at < this.#end && this.#bytes[at] !== QUOTE) {
      if (this.#bytes[at] === BACKSLASH) at++
      if (at === this.#end) return MALFORMED
      scratch.byte(this.#bytes[at++]!)
    }
    return at < this.#end && this.#element(scratch.bytes, 0, scratch.length) ? at + 1 : MALFORMED
  }

  /** Writes an element. Returns whether it was not nulled. */
  #element(bytes: Buffer, start: number, end: number): boolean {
    const outcome = this.#format.element(this.#out, bytes, start, end)
    if (outcome === TRUNCATED) this.#worst = TRUNCATED
    return outcome !== NULLED
  }

  /** Returns -1 after the end. */
  #byteAt(at: number): number {
    return at < this.#end ? this.#bytes[at]! : -1
  }
}
