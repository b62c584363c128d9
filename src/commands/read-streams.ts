import { ConnectorError } from '../errors.ts'
import { ReadTransaction } from '../postgres/read-transaction.ts'
import type { Message } from '../protocol/messages.ts'
import type { ReadContext, ReadEvent } from '../replication/method.ts'
import { methodOf } from '../replication/methods.ts'
import { RewriteGuard } from '../replication/rewrite-guard.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Checkpointer } from '../state/checkpointer.ts'
import type { Reading } from './read-with-retries.ts'
import { log, type Run } from './run.ts'
import type { StatusBoard } from './status-board.ts'

/** A read with what its attempts have in common. */
export interface Attempt extends Reading {
  readonly statuses: StatusBoard
  readonly checkpointers: ReadonlyMap<StreamPlan, Checkpointer>
}

/** Reads the streams that are not complete, in one snapshot. When it fails, the last reachable state is in the output. */
export async function readStreams(run: Run, attempt: Attempt): Promise<void> {
  const { config, database } = attempt
  run.signal.throwIfAborted()
  const guard = await RewriteGuard.note(database, attempt.plans)
  await using transaction = await ReadTransaction.begin(database, config)
  const onAbort = (): void => transaction.abort(ConnectorError.from(run.signal.reason))
  run.signal.addEventListener('abort', onAbort)
  const context: ReadContext = {
    config,
    database,
    transaction,
    out: run.output.buffer,
    emittedAtMs: run.startedAtMs,
    log: (level, message) => log(run, level, message),
  }
  try {
    for (const plan of attempt.plans) {
      if (attempt.statuses.isComplete(plan.descriptor)) continue
      await guard.check(plan, transaction)
      await readStream(run, plan, { attempt, context })
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort)
  }
}

interface StreamRead {
  readonly attempt: Attempt
  readonly context: ReadContext
}

async function readStream(
  run: Run,
  plan: StreamPlan,
  { attempt, context }: StreamRead,
): Promise<void> {
  const { statuses, checkpointers } = attempt
  const checkpointer = checkpointers.get(plan)!
  const emit = (message: Message | null): void => {
    if (message === null) return
    run.output.write(message)
    attempt.stateFile?.emitted(message)
    statuses.states++
    plan.state = checkpointer.state
  }
  run.signal.throwIfAborted()
  statuses.started(plan.descriptor)
  attempt.progress.start(plan)
  try {
    for await (const event of methodOf(plan, context.config).read(plan, context)) {
      if (event.type === 'ROWS') countRows(event, plan, { attempt, checkpointer })
      else emit(checkpointer.reach(event.state, performance.now()))
      await run.output.drain()
      attempt.stateFile?.save()
      run.signal.throwIfAborted()
    }
  } finally {
    emit(checkpointer.take(performance.now()))
  }
  statuses.complete(plan.descriptor)
  attempt.progress.complete()
}

function countRows(
  { rows, bytes }: Extract<ReadEvent, { type: 'ROWS' }>,
  { descriptor }: StreamPlan,
  { attempt, checkpointer }: { attempt: Attempt; checkpointer: Checkpointer },
): void {
  checkpointer.count(rows)
  attempt.statuses.running(descriptor)
  attempt.health.count(descriptor, { rows, bytes })
  attempt.progress.count({ rows, bytes })
}
