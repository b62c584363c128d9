import type { CopyProgress, CopyReader } from './copier.ts'

/**
 * COPYs on two connections whose statements take turns: the first one of each, then the second one of each, and so on.
 * While one is read, the server of the other works ahead, as far as its socket holds what it sends.
 */
export class AlternatingCopy implements CopyReader {
  /** Whether it was the second COPY that ended the reading. */
  hasSecondFailed = false
  readonly #first: CopyReader
  readonly #second: CopyReader
  #isSecondsTurn = false
  #ended = 0

  /** @param first as many statements as the second, or one more. */
  constructor(first: CopyReader, second: CopyReader) {
    this.#first = first
    this.#second = second
  }

  get receivedBytes(): number {
    return this.#first.receivedBytes + this.#second.receivedBytes
  }

  async read(): Promise<CopyProgress> {
    const progress = await this.#readOne()
    if (progress === 'rows') return 'rows'
    this.#isSecondsTurn = !this.#isSecondsTurn
    if (progress === 'statement') return 'statement'
    this.#ended++
    return this.#ended === 2 ? 'end' : 'rows'
  }

  async #readOne(): Promise<CopyProgress> {
    if (!this.#isSecondsTurn) return await this.#first.read()
    try {
      return await this.#second.read()
    } catch (error) {
      this.hasSecondFailed = true
      throw error
    }
  }
}
