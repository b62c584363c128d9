import { streamState, type JsonObject } from '../protocol/messages.ts'
import { ctidState, parseCtidState, COMPLETE_CTID_STATE } from '../state/ctid-state.ts'
import { copyRows, recordEncoder, selectColumns } from './copy-rows.ts'
import type { ReadContext, ReadEvent, ReplicationMethod } from './method.ts'
import { canResumeScan, scanPages, type ScanPosition } from './page-scan.ts'
import type { StreamPlan } from './stream-plan.ts'

/**
 * Every row once. Relations with system columns are read by pages and can be resumed at a page; views, foreign tables
 * and queries are read whole.
 */
export const fullRefresh: ReplicationMethod = {
  name: 'full_refresh',
  prerequisites: () => Promise.resolve([]),
  async *read(plan, context): AsyncGenerator<ReadEvent> {
    if (!plan.relation.hasSystemColumns) {
      yield* readWhole(plan, context)
      return
    }
    if (isComplete(plan.state)) {
      context.log(
        'INFO',
        `Stream ${label(plan)} is complete in the given state; it is not read again.`,
      )
      return
    }
    yield* readByPages(plan, context)
  },
}

async function* readWhole(plan: StreamPlan, context: ReadContext): AsyncGenerator<ReadEvent> {
  const encoder = recordEncoder(plan, context)
  const select = selectColumns(plan, `FROM ${plan.from}`)
  for await (const event of copyRows([select], { plan, context, encoder })) {
    if (event.type === 'ROWS') yield event
  }
  yield streamState(plan.descriptor, COMPLETE_CTID_STATE, encoder.rows)
}

async function* readByPages(plan: StreamPlan, context: ReadContext): AsyncGenerator<ReadEvent> {
  const start = await resumePosition(plan, context)
  let rows = 0
  for await (const event of scanPages(plan, context, start)) {
    if (event.type === 'ROWS') {
      rows += event.rows
      yield event
    } else {
      yield streamState(plan.descriptor, ctidState(event.position), rows)
      rows = 0
    }
  }
  yield streamState(plan.descriptor, COMPLETE_CTID_STATE, rows)
}

async function resumePosition(
  plan: StreamPlan,
  context: ReadContext,
): Promise<ScanPosition | null> {
  if (plan.state === null) return null
  const position = parseCtidState(plan.state)
  if (position !== null && (await canResumeScan(plan, context, position))) return position
  const reason = position === null ? 'is not one of a full refresh' : 'is of another file'
  context.log('WARN', `The state of stream ${label(plan)} ${reason}; it is read from the start.`)
  return null
}

function isComplete(state: JsonObject | null): boolean {
  return state !== null && state['state_type'] === 'ctid_based' && state['ctid'] === undefined
}

function label({ descriptor }: StreamPlan): string {
  return `'${descriptor.namespace}.${descriptor.name}'`
}
