/** A signal that is aborted after `timeoutMs`, unless it is disposed of before. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal
  /** What is said then; its code is `ETIMEDOUT`. */
  readonly error: Error
  readonly #timer: NodeJS.Timeout

  constructor(timeoutMs: number) {
    const controller = new AbortController()
    const error = new Error(`no answer within ${timeoutMs} ms`)
    this.error = Object.assign(error, { code: 'ETIMEDOUT' })
    this.signal = controller.signal
    this.#timer = setTimeout(() => controller.abort(this.error), timeoutMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
