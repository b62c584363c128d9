import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError, isTransient } from '../errors.ts'
import { OutputClosedError } from '../protocol/output.ts'
import { renewPlan, type StreamPlan } from '../replication/stream-plan.ts'
import { Checkpointer } from '../state/checkpointer.ts'
import type { Attempt, Reading } from './attempt.ts'
import { readStreams } from './read-streams.ts'
import { log, type Run } from '../run-context.ts'
import { StatusBoard } from './stream-statuses.ts'

const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 30_000

/**
 * Reads the streams; what may pass (a lost connection, a restarting server, a recovery conflict) is tried again from the
 * last state, up to `max_retries` times without any progress in between.
 * @throws ConnectorError when it gives up; then the last reachable states and INCOMPLETE are in the output.
 */
export async function readWithRetries(run: Run, reading: Reading): Promise<void> {
  const statuses = new StatusBoard(run, reading.plans)
  const checkpointers = checkpointersOf(reading)
  const attempt: Attempt = { ...reading, statuses, checkpointers, sharing: { isWanted: true } }
  try {
    for (let failures = 0; ;) {
      const { states } = statuses
      try {
        if (failures > 0) await renewPlans(reading)
        await readStreams(run, attempt)
        return
      } catch (error) {
        if (!isTransient(error) || run.signal.aborted || error instanceof OutputClosedError)
          throw error
        failures = statuses.states > states ? 1 : failures + 1
        if (failures > reading.config.maxRetries) throw exhausted(error, reading.config.maxRetries)
        await pause(run, { error, failures, maxRetries: reading.config.maxRetries })
      }
    }
  } catch (error) {
    statuses.incomplete()
    throw error
  }
}

/** What was interrupted may have been an ALTER TABLE: columns and types are looked up anew. */
async function renewPlans({ plans, makePlans }: Reading): Promise<void> {
  const renewed = await makePlans()
  for (const [index, stale] of plans.entries()) renewPlan(stale, renewed[index]!)
}

function checkpointersOf({ plans, config }: Reading): ReadonlyMap<StreamPlan, Checkpointer> {
  const nowMs = performance.now()
  return new Map(
    plans.map((plan) => [
      plan,
      new Checkpointer(plan.descriptor, config, { state: plan.state, nowMs }),
    ]),
  )
}

interface Failure {
  readonly error: unknown
  readonly failures: number
  readonly maxRetries: number
}

async function pause(run: Run, { error, failures, maxRetries }: Failure): Promise<void> {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS)
  const jitteredMs = Math.round(delayMs * (0.5 + Math.random() / 2))
  const { message } = ConnectorError.from(error)
  const next = `Retry ${failures} of ${maxRetries} in ${jitteredMs} ms, from the last state.`
  log(run, 'WARN', `The read was interrupted. ${message} ${next}`)
  await run.output.flush()
  await sleep(jitteredMs, undefined, { signal: run.signal }).catch(() =>
    run.signal.throwIfAborted(),
  )
}

function exhausted(error: unknown, maxRetries: number): ConnectorError {
  const { message } = ConnectorError.from(error)
  const times = maxRetries === 1 ? 'once' : `${maxRetries} times`
  const tried = maxRetries === 0 ? '' : ` It was tried again ${times} (max_retries).`
  return new ConnectorError('transient_error', `${message}${tried}`, { cause: error })
}
