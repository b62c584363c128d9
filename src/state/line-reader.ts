import { isUtf8 } from 'node:buffer'
import { LINE_FEED } from '../bytes/ascii.ts'

/** Length of the beginning of a line that decides whether the line is kept. */
const START_BYTES = 64
const BYTE_ORDER_MARK = /^\uFEFF/

export interface Line {
  /** Starts at 1. */
  readonly number: number
  readonly text: string
  /** Whether the file ended without a line feed. */
  readonly isCut: boolean
  readonly isUtf8: boolean
}

/**
 * Splits a file into lines. Lines whose beginning matches a pattern are skipped, also very long
 * ones.
 */
export class LineReader {
  readonly lines: Line[] = []
  hasSkipped = false
  readonly #skipped: RegExp
  #number = 1
  /** Parts of the current line. */
  #parts: Buffer[] = []
  #bytes = 0
  #isSkipped = false

  constructor(skipped: RegExp) {
    this.#skipped = skipped
  }

  push(chunk: Buffer): void {
    let at = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, at)) {
      this.#append(chunk.subarray(at, end))
      this.#endLine(false)
      at = end + 1
    }
    this.#append(chunk.subarray(at))
  }

  end(): void {
    if (this.#bytes > 0) this.#endLine(true)
  }

  #append(part: Buffer): void {
    const isUndecided = this.#bytes < START_BYTES
    this.#bytes += part.length
    if (this.#isSkipped) return
    this.#parts.push(part)
    if (isUndecided && this.#bytes >= START_BYTES) this.#decide()
  }

  #decide(): void {
    const start = Buffer.concat(this.#parts).toString('latin1', 0, START_BYTES)
    this.#isSkipped = this.#skipped.test(start)
    if (this.#isSkipped) this.#parts = []
  }

  #endLine(isCut: boolean): void {
    if (this.#bytes < START_BYTES) this.#decide()
    if (this.#isSkipped) this.hasSkipped = true
    else {
      const bytes = Buffer.concat(this.#parts)
      const text = bytes.toString('utf8').replace(BYTE_ORDER_MARK, '')
      this.lines.push({ number: this.#number, text, isCut, isUtf8: isUtf8(bytes) })
    }
    this.#number++
    this.#parts = []
    this.#bytes = 0
    this.#isSkipped = false
  }
}
