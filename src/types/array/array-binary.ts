import { COMMA, LEFT_BRACKET, RIGHT_BRACKET } from '../../bytes/ascii.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import { EXACT, NULLED, type Outcome, TRUNCATED, type ValueWriter } from '../pg-type.ts'
import { writeNulled } from '../text.ts'

/** Size of the number of dimensions, the flags and the oid of the element type. */
const HEADER_BYTES = 12
/** Size of the length and the lower bound of a dimension. */
const DIMENSION_BYTES = 8
const NULL_LENGTH = -1
/** Maximum number of dimensions: MAXDIM. */
const MAX_DEPTH = 6

/**
 * The binary form of an array → a JSON array with the same nesting. Lower bounds are not written.
 * An element that JSON cannot represent makes the whole array null.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/adt/arrayfuncs.c
 * (array_send)
 */
export function binaryArrayWriter(element: ValueWriter): ValueWriter {
  return (out, bytes, start, end) => {
    const outStart = out.length
    const outcome = new BinaryArray(out, bytes, { start, end, element }).write()
    if (outcome !== NULLED) return outcome
    out.length = outStart
    return writeNulled(out)
  }
}

class BinaryArray {
  readonly #out: ByteBuffer
  readonly #bytes: Buffer
  readonly #end: number
  readonly #element: ValueWriter
  readonly #lengths: readonly number[]
  #at: number
  #worst: Outcome = EXACT

  /** @throws RangeError if the value is damaged. */
  constructor(
    out: ByteBuffer,
    bytes: Buffer,
    { start, end, element }: { start: number; end: number; element: ValueWriter },
  ) {
    this.#out = out
    this.#bytes = bytes
    this.#end = end
    this.#element = element
    this.#at = start
    const count = this.#int32()
    if (count < 0 || count > MAX_DEPTH) throw damaged()
    this.#lengths = Array.from({ length: count }, (_, index) => {
      const at = start + HEADER_BYTES + index * DIMENSION_BYTES
      if (at + DIMENSION_BYTES > end) throw damaged()
      return viewOf(bytes).getInt32(at)
    })
    this.#at = start + HEADER_BYTES + count * DIMENSION_BYTES
  }

  write(): Outcome {
    if (this.#lengths.length === 0) this.#out.latin1('[]')
    else this.#dimension(0)
    if (this.#worst !== NULLED && this.#at !== this.#end) throw damaged()
    return this.#worst
  }

  #dimension(depth: number): void {
    this.#out.byte(LEFT_BRACKET)
    const length = this.#lengths[depth]!
    for (let index = 0; index < length && this.#worst !== NULLED; index++) {
      if (index > 0) this.#out.byte(COMMA)
      if (depth + 1 < this.#lengths.length) this.#dimension(depth + 1)
      else this.#item()
    }
    this.#out.byte(RIGHT_BRACKET)
  }

  #item(): void {
    const length = this.#int32()
    if (length === NULL_LENGTH) {
      this.#out.latin1('null')
      return
    }
    const start = this.#at
    this.#at += length
    if (length < 0 || this.#at > this.#end) throw damaged()
    const outcome = this.#element(this.#out, this.#bytes, start, this.#at)
    if (outcome === NULLED || (outcome === TRUNCATED && this.#worst === EXACT)) {
      this.#worst = outcome
    }
  }

  #int32(): number {
    if (this.#at + 4 > this.#end) throw damaged()
    const value = viewOf(this.#bytes).getInt32(this.#at)
    this.#at += 4
    return value
  }
}

function damaged(): RangeError {
  return new RangeError('damaged replication stream: an array does not have its declared length')
}
