/** A queue of tasks that run one at a time, in the order of the calls. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Waits for all earlier tasks. Returns a function to call at the end of the task. */
  async take(): Promise<() => void> {
    const previous = this.#last
    let end: (() => void) | null = null
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    await previous
    return () => end?.()
  }
}
