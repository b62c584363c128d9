/** Work that is done one at a time, in the order of the calls. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Waits for all earlier ones. Call the result at the end of the work. */
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
