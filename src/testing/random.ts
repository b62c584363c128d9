/** Pseudo-random numbers that are the same in every run. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /**
   * An integer from 0 to 2^32 - 1.
   * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
   */
  word(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** An integer from 0 to `limit` - 1 (`limit` at most 2^32). */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit)
  }

  /** An integer from `low` to `high`, inclusive. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('Nothing to pick from')
    return item
  }

  /** True with a probability of 1 / `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** Joins up to `maxLength` results of `make`. */
  repeat(maxLength: number, make: () => string, separator = ''): string {
    return Array.from({ length: this.below(maxLength + 1) }, make).join(separator)
  }

  /** This many digits; the first one is 0 only if it is the only one. */
  digits(count: number): string {
    const rest = Array.from({ length: count - 1 }, () => this.below(10)).join('')
    return `${count > 1 ? this.between(1, 9) : this.below(10)}${rest}`
  }

  /** An integer of at most this many bits, with all sizes equally likely, or a limit of the range. */
  integer(bits: number): string {
    const limit = 1n << BigInt(bits - 1)
    if (this.oneIn(20)) return String(this.pick([-limit, limit - 1n, 0n, -1n]))
    const value = BigInt.asUintN(64, (BigInt(this.word()) << 32n) | BigInt(this.word()))
    const signed = BigInt.asIntN(bits, value)
    return String(signed >> BigInt(this.below(bits)))
  }

  /** A finite double with random bits. */
  double(): number {
    const view = new DataView(new ArrayBuffer(8))
    do {
      view.setUint32(0, this.word())
      view.setUint32(4, this.word())
    } while (!Number.isFinite(view.getFloat64(0)))
    return view.getFloat64(0)
  }
}
