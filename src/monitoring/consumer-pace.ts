/** Computes the share of the last half minute that was spent waiting for the consumer. */
export class ConsumerPace {
  readonly #windowMs: number
  #samples: { readonly atMs: number; readonly waitedMs: number }[] = []

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Adds the total waiting time so far; returns the share of the last half minute, 0 to 1. */
  share(atMs: number, waitedMs: number): number {
    this.#samples.push({ atMs, waitedMs })
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= this.#windowMs)
    const [first] = this.#samples
    if (first === undefined || atMs === first.atMs) return 0
    return (waitedMs - first.waitedMs) / (atMs - first.atMs)
  }
}
