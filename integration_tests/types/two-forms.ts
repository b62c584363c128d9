import { ByteBuffer } from '../../src/bytes/byte-buffer.ts'
import type { ValueWriter } from '../../src/types/pg-type.ts'
import type { TupleSink } from '../../src/wire/copy-stream.ts'

const NULL_LENGTH = -1

/** The two writers of a column that is selected twice: in its binary form, then as its text. */
export interface FormPair {
  readonly name: string
  readonly writeBinary: ValueWriter
  readonly writeText: ValueWriter
}

/** Writes each value of each row from both of its forms and collects the differences. */
export class FormComparison implements TupleSink {
  readonly differences: string[] = []
  values = 0
  readonly #pairs: readonly FormPair[]
  readonly #fromBinary = new ByteBuffer(64)
  readonly #fromText = new ByteBuffer(64)

  constructor(pairs: readonly FormPair[]) {
    this.#pairs = pairs
  }

  tuple(bytes: Buffer, start: number): void {
    let at = start + 2
    const next = (): { from: number; to: number } | null => {
      const length = bytes.readInt32BE(at)
      const from = at + 4
      at = length === NULL_LENGTH ? from : from + length
      return length === NULL_LENGTH ? null : { from, to: at }
    }
    for (const pair of this.#pairs) {
      const binary = next()
      const text = next()
      if (binary === null || text === null) continue
      this.#fromBinary.length = 0
      this.#fromText.length = 0
      const binaryOutcome = pair.writeBinary(this.#fromBinary, bytes, binary.from, binary.to)
      const textOutcome = pair.writeText(this.#fromText, bytes, text.from, text.to)
      this.#compare(pair.name, binaryOutcome === textOutcome)
    }
  }

  #compare(name: string, areOutcomesEqual: boolean): void {
    this.values++
    const fromBinary = this.#fromBinary.bytes.subarray(0, this.#fromBinary.length)
    const fromText = this.#fromText.bytes.subarray(0, this.#fromText.length)
    if (areOutcomesEqual && fromBinary.equals(fromText)) return
    this.differences.push(`${name}: ${fromBinary.toString()} is not ${fromText.toString()}`)
  }
}
