import { ConnectorError, isTransient } from '../errors.ts'
import { pause } from '../postgres/connection/deadline.ts'
import { OutputClosedError } from '../protocol/output.ts'
import { log, type Run } from '../run-context.ts'

const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 30_000

/** An attempt that failed. */
interface Failure {
  readonly error: unknown
  /** How many attempts have failed in a row, with this one. */
  readonly failures: number
  readonly maxRetries: number
}

/** Runs `work` until it succeeds. @throws ConnectorError as `awaitRetry` does. */
export async function withRetries<Result>(
  run: Run,
  maxRetries: number,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (error) {
      await awaitRetry(run, { error, failures, maxRetries })
    }
  }
}

/**
 * Waits until the next attempt is due.
 * @throws the error if it is not transient; ConnectorError transient_error after the last retry.
 */
export async function awaitRetry(
  run: Run,
  { error, failures, maxRetries }: Failure,
): Promise<void> {
  if (!isTransient(error) || run.signal.aborted || error instanceof OutputClosedError) throw error
  if (failures > maxRetries) throw exhausted(error, maxRetries)
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS)
  const jitteredMs = Math.round(delayMs * (0.5 + Math.random() / 2))
  const { message } = ConnectorError.from(error)
  const next = `Retry ${failures} of ${maxRetries} in ${jitteredMs} ms, from the last state.`
  log(run, 'WARN', `The read was interrupted. ${message} ${next}`)
  await run.output.flush()
  await pause(jitteredMs, run.signal)
}

function exhausted(error: unknown, maxRetries: number): ConnectorError {
  const { message } = ConnectorError.from(error)
  const times = maxRetries === 1 ? 'once' : `${maxRetries} times`
  const tried = maxRetries === 0 ? '' : ` It was tried again ${times} (max_retries).`
  return new ConnectorError('transient_error', `${message}${tried}`, { cause: error })
}
