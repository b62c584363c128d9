import { ConnectorError } from '../errors.ts'
import { TwinTransaction } from '../postgres/session/twin-transaction.ts'
import type { ReadContext, ReadEvent } from '../replication/method.ts'
import { methodOf } from '../replication/methods.ts'
import { RewriteGuard } from '../replication/snapshot/rewrite-guard.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Attempt } from './attempt.ts'
import { log as writeLog, type Run } from '../run-context.ts'
import { StreamStates } from './stream-states.ts'

/** Reads the streams that are not complete, in one snapshot. When it fails, the last reachable state is in the output. */
export async function readStreams(run: Run, attempt: Attempt): Promise<void> {
  const { config, database, sharing } = attempt
  run.signal.throwIfAborted()
  const guard = await RewriteGuard.note(database, attempt.plans)
  const log: ReadContext['log'] = (level, message) => writeLog(run, level, message)
  const say = (message: string): void => log('INFO', message)
  await using twin = await TwinTransaction.begin({ database, options: config, sharing, say })
  const { first: transaction } = twin
  const onAbort = (): void => twin.abort(ConnectorError.from(run.signal.reason))
  run.signal.addEventListener('abort', onAbort)
  attempt.health.watch(transaction)
  const context = { config, database, transaction, twin, log }
  try {
    for (const plan of attempt.plans) {
      if (attempt.statuses.isComplete(plan.descriptor)) continue
      await guard.check(plan, transaction)
      await readStream(run, plan, { attempt, context })
    }
  } finally {
    run.signal.removeEventListener('abort', onAbort)
    attempt.health.watch(null)
  }
}

interface StreamRead {
  readonly attempt: Attempt
  readonly context: Omit<ReadContext, 'sink'>
}

async function readStream(
  run: Run,
  plan: StreamPlan,
  { attempt, context }: StreamRead,
): Promise<void> {
  const { statuses, progress } = attempt
  run.signal.throwIfAborted()
  statuses.started(plan.descriptor)
  progress.start(plan)
  const writer = await attempt.destination.open(plan)
  const states = new StreamStates(run, attempt, { plan, writer })
  try {
    const readContext = { ...context, sink: writer.sink }
    for await (const event of methodOf(plan, context.config).read(plan, readContext)) {
      if (event.type === 'ROWS') countRows(event, plan, attempt)
      else states.reach(event.state)
      await writer.drain()
      if (writer.settledRows !== Infinity) await run.output.drain()
      states.settle()
      attempt.stateFile?.save()
      run.signal.throwIfAborted()
    }
    await writer.finish()
  } finally {
    await writer.flush().finally(() => states.end())
  }
  statuses.complete(plan.descriptor)
  progress.complete()
}

function countRows(
  { rows, bytes }: Extract<ReadEvent, { type: 'ROWS' }>,
  { descriptor }: StreamPlan,
  attempt: Attempt,
): void {
  attempt.statuses.running(descriptor)
  attempt.health.count(descriptor, { rows, bytes })
  attempt.progress.count({ rows, bytes })
}
