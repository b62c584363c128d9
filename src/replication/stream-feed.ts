import { isQuery } from '../introspection/query-stream.ts'
import type { LockedRelation } from '../introspection/relation-files.ts'
import type { JsonObject } from '../json/json.ts'
import type { StreamReader } from '../parallel/relation-reader.ts'
import { ReadAloneError } from '../parallel/session-group.ts'
import { streamState } from '../protocol/messages.ts'
import { streamLabel } from '../protocol/stream-names.ts'
import { parseStreamState } from '../state/parse-stream-state.ts'
import { buildStreamState, type StreamState } from '../state/stream-state.ts'
import type { Checkpoint, Feed, FeedContext, FeedEvent, RowSink } from './feed.ts'
import type { StreamPlan } from './stream-plan.ts'

/** Context for reading one stream. */
export interface ReadContext extends FeedContext {
  /** Its reader; `transaction` is that of the reader. */
  readonly reader: StreamReader
  /** The locked relation; null: the stream is the config's query. */
  readonly locked: LockedRelation | null
  /** Receives its rows. */
  readonly sink: RowSink
  /** The `stream_state` to resume from; null: from the start. */
  readonly savedState: JsonObject | null
}

/** Reads one stream with a method. */
export type ReadStream = (plan: StreamPlan, context: ReadContext) => AsyncIterable<FeedEvent>

/** Builds a feed of one stream. */
export function streamFeed(plan: StreamPlan, read: ReadStream): Feed {
  return {
    scope: 'STREAM',
    plans: [plan],
    read: async function* readOne(context) {
      await using reader = await context.openReader()
      const { transaction } = reader
      const { schemas } = context.config
      await transaction.setSearchPath(isQuery(plan.relation) ? schemas : 'session')
      const locked = await context.guard.lock(plan, transaction)
      if (locked !== null && locked.bytes > reader.maxBytes) throw new ReadAloneError()
      const savedState = savedStateOf(plan, context)
      const sink = context.sinkOf(plan)
      yield* read(plan, { ...context, reader, transaction, locked, sink, savedState })
    },
  }
}

/**
 * The state of a CDC snapshot requires the log for the following changes, so other methods cannot
 * resume from it.
 */
function savedStateOf({ descriptor }: StreamPlan, { states, log }: FeedContext): JsonObject | null {
  const state = states.stream(descriptor)
  if (state === null || !states.isGlobal(descriptor)) return state
  if (parseStreamState(state)?.type !== 'ctid') return state
  const message = `The saved state of stream '${streamLabel(descriptor)}' is part of a GLOBAL state, of a CDC sync. The stream is read from the start.`
  log('WARN', message)
  return null
}

/** Builds a checkpoint of one stream. Its JSON is only built if it is emitted. */
export function checkpoint({ descriptor }: StreamPlan, state: StreamState): Checkpoint {
  return { type: 'CHECKPOINT', state: () => streamState(descriptor, buildStreamState(state)) }
}
