import type { CopyProgress, CopyReader } from './copier.ts'

/**
 * COPYs on several connections whose statements take turns: the first of each, then the second of each, and so on. While
 * one is read, the servers of the others work ahead, as far as their sockets hold what they send.
 */
export class AlternatingCopy implements CopyReader {
  readonly #copies: readonly CopyReader[]
  #turn = 0
  #ended = 0

  /** @param copies in the order of their turns; the first ones may have one statement more than the others. */
  constructor(copies: readonly CopyReader[]) {
    this.#copies = copies
  }

  get receivedBytes(): number {
    return this.#copies.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)
  }

  get waitedMs(): number {
    return this.#copies.reduce((sum, { waitedMs }) => sum + waitedMs, 0)
  }

  async read(): Promise<CopyProgress> {
    const progress = await this.#copies[this.#turn]!.read()
    if (progress === 'rows') return 'rows'
    this.#turn = (this.#turn + 1) % this.#copies.length
    if (progress === 'statement') return 'statement'
    this.#ended++
    return this.#ended === this.#copies.length ? 'end' : 'rows'
  }
}
