/** What of the last half minute the consumer made us wait. */
export class ConsumerPace {
  readonly #windowMs: number
  #samples: { readonly atMs: number; readonly waitedMs: number }[] = []

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Takes note of how long we have waited in all; the share of the window that we waited in, 0 to 1. */
  share(atMs: number, waitedMs: number): number {
    this.#samples.push({ atMs, waitedMs })
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= this.#windowMs)
    const [first] = this.#samples
    if (first === undefined || atMs === first.atMs) return 0
    return (waitedMs - first.waitedMs) / (atMs - first.atMs)
  }
}
