import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { viewOf } from '../../bytes/byte-view.ts'
import type { ValueWriter } from '../pg-type.ts'

/**
 * Appends the text of a type's output function, with the settings of the connector's sessions. The
 * binary form of the value is `bytes[start, end)`.
 * @throws RangeError if it is damaged.
 */
export type Printer = (out: ByteBuffer, bytes: Buffer, start: number, end: number) => void

/** A value whose binary form only the server can print. */
export class UnknownFormError extends Error {}

/** Prints types whose send function returns the text. */
export const printText: Printer = (out, bytes, start, end) => out.copy(bytes, start, end)

/** Writer of a value in its binary form: prints its text and passes it to `writeText`. */
export function printed(print: Printer, writeText: ValueWriter): ValueWriter {
  if (print === printText) return writeText
  const text = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    text.reset()
    print(text, bytes, start, end)
    return writeText(out, text.bytes, 0, text.length)
  }
}

/** Reads the parts of a binary form in sequence. */
export class BinaryReader {
  readonly bytes: Buffer
  readonly #view: DataView
  readonly #end: number
  at: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.#view = viewOf(bytes)
    this.#end = end
    this.at = start
  }

  /** Returns the position of the next `count` bytes and moves past them. */
  skip(count: number): number {
    const { at } = this
    if (count < 0 || count > this.#end - at) throw damaged()
    this.at = at + count
    return at
  }

  uint8(): number {
    return this.#view.getUint8(this.skip(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.skip(2))
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4))
  }

  uint32(): number {
    return this.#view.getUint32(this.skip(4))
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.skip(8))
  }

  /** Returns the position after the next zero byte and moves there. */
  cstring(): number {
    const zero = this.bytes.indexOf(0, this.at)
    if (zero < 0 || zero >= this.#end) throw damaged()
    this.at = zero + 1
    return this.at
  }

  /** @throws RangeError unless everything has been read. */
  finish(): void {
    if (this.at !== this.#end) throw damaged()
  }
}

/** Error for a value that does not have the form of its type. */
export function damaged(): RangeError {
  return new RangeError('damaged replication stream: a value does not have the form of its type')
}
