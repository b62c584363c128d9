/** How often and how last a stream delivered, against what is committed. */
export interface Comparison {
  /** Records that came. */
  readonly records: number
  /** Records that had come before, equal in every field. */
  readonly duplicates: number
  /** Rows whose final version never came, as `committedRows` shows them. */
  readonly missing: readonly string[]
  /** How many of them never came in any version. */
  readonly absent: number
  /** Rows whose final version came, but an older one came after it. */
  readonly stale: number
}

/** Every record of a stream that a consumer got, by key. */
export class Deliveries {
  readonly #lastByKey = new Map<string, string>()
  readonly #rows = new Set<string>()
  #records = 0

  add(key: string, row: string): void {
    this.#lastByKey.set(key, row)
    this.#rows.add(row)
    this.#records++
  }

  /** @param committed key → final row */
  compare(committed: ReadonlyMap<string, string>): Comparison {
    const entries = [...committed]
    const came = entries.filter(([, row]) => this.#rows.has(row))
    const missing = entries.filter(([, row]) => !this.#rows.has(row))
    return {
      records: this.#records,
      duplicates: this.#records - this.#rows.size,
      missing: missing.map(([, row]) => row),
      absent: missing.filter(([key]) => !this.#lastByKey.has(key)).length,
      stale: came.filter(([key, row]) => this.#lastByKey.get(key) !== row).length,
    }
  }
}
