import { isQuery } from '../introspection/query-stream.ts'
import type { JsonObject } from '../json/json.ts'
import { streamState } from '../protocol/messages.ts'
import { buildStreamState, type StreamState } from '../state/stream-state.ts'
import type { Checkpoint, Feed, FeedContext, FeedEvent, RowSink } from './feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** What one stream is read with. */
export interface ReadContext extends FeedContext {
  /** Takes its rows. */
  readonly sink: RowSink
  /** The `stream_state` to resume from; null: from the start. */
  readonly savedState: JsonObject | null
}

/** How a method reads one stream. */
export type ReadStream = (plan: StreamPlan, context: ReadContext) => AsyncIterable<FeedEvent>

/** A feed of one stream. */
export function streamFeed(plan: StreamPlan, read: ReadStream): Feed {
  return {
    scope: 'STREAM',
    plans: [plan],
    read: async function* readOne(context) {
      const { transaction, config } = context
      await transaction.setSearchPath(isQuery(plan.relation) ? config.schemas : 'session')
      await context.guard.check(plan, transaction)
      const savedState = context.states.stream(plan.descriptor)
      yield* read(plan, { ...context, sink: context.sinkOf(plan), savedState })
    },
  }
}

/** A checkpoint of one stream; its JSON is only made if it is emitted. */
export function checkpoint({ descriptor }: StreamPlan, state: StreamState): Checkpoint {
  return { type: 'CHECKPOINT', state: () => streamState(descriptor, buildStreamState(state)) }
}
