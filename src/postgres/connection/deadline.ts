import { setTimeout as sleep } from 'node:timers/promises'

/** Maximum delay of a Node.js timer; with a longer one, it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** No answer was received in time. */
export class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT'
  readonly elapsedMs: number

  constructor(elapsedMs: number, options?: ErrorOptions) {
    super(`no answer within ${elapsedMs} ms`, options)
    this.name = 'TimeoutError'
    this.elapsedMs = elapsedMs
  }
}

/** Seconds without an answer, rounded. @param timeoutMs used for an error without a duration. */
export function elapsedSeconds(error: unknown, timeoutMs: number): number {
  const elapsedMs = error instanceof TimeoutError ? error.elapsedMs : timeoutMs
  return Math.round(elapsedMs / 100) / 10
}

/**
 * A signal that is aborted with a TimeoutError after `timeoutMs`, unless it is disposed of before.
 */
export class Deadline implements Disposable {
  readonly signal: AbortSignal
  readonly #endsMs: number
  readonly #timer: NodeJS.Timeout

  /** @param stop aborts it earlier, with the reason of this signal. */
  constructor(timeoutMs: number, stop?: AbortSignal) {
    const controller = new AbortController()
    const error = new TimeoutError(timeoutMs)
    this.signal =
      stop === undefined ? controller.signal : AbortSignal.any([stop, controller.signal])
    this.#endsMs = performance.now() + timeoutMs
    this.#timer = setTimeout(() => controller.abort(error), Math.min(timeoutMs, MAX_TIMER_MS))
  }

  /** Remaining milliseconds, at least 0. */
  get leftMs(): number {
    return Math.max(0, this.#endsMs - performance.now())
  }

  /** The reason of the abort. */
  get error(): Error {
    const { reason } = this.signal as { readonly reason: unknown }
    return reason instanceof Error ? reason : new Error(String(reason))
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/**
 * Returns the result of `work`, or rejects with the reason of `signal` as soon as it is aborted.
 */
export function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    const settled = (): void => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort)
    work.finally(settled).then(resolve, reject)
    if (signal.aborted) onAbort()
  })
}

/** Waits. @throws the reason of `signal` as soon as that is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
}

/** Result of `work`, or `fallback` if it fails or takes longer than `ms`. Never rejects. */
export async function resultWithin<Result>(
  work: Promise<Result>,
  ms: number,
  fallback: Result,
): Promise<Result> {
  const answer = work.catch(() => fallback)
  return await Promise.race([answer, sleep(ms, fallback, { ref: false })])
}
