import { ByteBuffer } from '../protocol/byte-buffer.ts'
import { EXACT, NULLED, type Outcome, TRUNCATED, type ValueWriter } from './pg-type.ts'
import { isText, writeNulled } from './text.ts'

const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const EQUALS = 0x3d
const LEFT_BRACKET = 0x5b
const COMMA = 0x2c

/**
 * The text of an array, `{1,"a b",NULL,{…}}`, → a JSON array, nested as the array is. Bounds other than 1 (`[2:3]={…}`)
 * are not told. An element that cannot be given makes the whole array null.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function arrayWriter(element: ValueWriter, delimiter: string): ValueWriter {
  const delimiterByte = delimiter.charCodeAt(0)
  const scratch = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    const outStart = out.length
    const parser = new ArrayParser(out, bytes, { element, delimiterByte, scratch })
    const outcome = parser.parse(start, end)
    if (outcome !== NULLED) return outcome
    out.length = outStart
    return writeNulled(out)
  }
}

interface ElementFormat {
  readonly element: ValueWriter
  readonly delimiterByte: number
  /** Where a quoted element is put without its backslashes. */
  readonly scratch: ByteBuffer
}

class ArrayParser {
  readonly #out: ByteBuffer
  readonly #bytes: Buffer
  readonly #format: ElementFormat
  #worst: Outcome = EXACT

  constructor(out: ByteBuffer, bytes: Buffer, format: ElementFormat) {
    this.#out = out
    this.#bytes = bytes
    this.#format = format
  }

  parse(start: number, end: number): Outcome {
    let at = start
    if (this.#bytes[at] === LEFT_BRACKET) at = this.#bytes.indexOf(EQUALS, at) + 1
    while (at < end && this.#worst !== NULLED) at = this.#token(at, end)
    return this.#worst
  }

  #token(at: number, end: number): number {
    const byte = this.#bytes[at]!
    if (byte === OPEN || byte === CLOSE) {
      this.#out.byte(byte === OPEN ? LEFT_BRACKET : 0x5d)
      return at + 1
    }
    if (byte === this.#format.delimiterByte) {
      this.#out.byte(COMMA)
      return at + 1
    }
    return byte === QUOTE ? this.#quoted(at + 1, end) : this.#plain(at, end)
  }

  #plain(start: number, end: number): number {
    let at = start
    while (at < end && this.#bytes[at] !== this.#format.delimiterByte && this.#bytes[at] !== CLOSE)
      at++
    if (isText(this.#bytes, start, at, 'NULL')) this.#out.latin1('null')
    else this.#element(this.#bytes, start, at)
    return at
  }

  #quoted(start: number, end: number): number {
    const { scratch } = this.#format
    scratch.length = 0
    let at = start
    while (at < end && this.#bytes[at] !== QUOTE) {
      if (this.#bytes[at] === BACKSLASH) at++
      scratch.byte(this.#bytes[at++]!)
    }
    this.#element(scratch.bytes, 0, scratch.length)
    return at + 1
  }

  #element(bytes: Buffer, start: number, end: number): void {
    const outcome = this.#format.element(this.#out, bytes, start, end)
    if (outcome === NULLED) this.#worst = NULLED
    else if (outcome === TRUNCATED && this.#worst === EXACT) this.#worst = TRUNCATED
  }
}
