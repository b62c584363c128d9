/** Comparison of the delivered records of a stream with the committed rows. */
export interface Comparison {
  /** Number of records. */
  readonly records: number
  /** Number of records that were delivered before, equal in every field. */
  readonly duplicates: number
  /** Rows whose final version was never delivered, in the form of `committedRows`. */
  readonly missing: readonly string[]
  /** Number of these that were not delivered in any version. */
  readonly absent: number
  /** Number of rows whose final version was delivered, but followed by an older one. */
  readonly stale: number
}

/** All records of a stream that a consumer received, by key. */
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
