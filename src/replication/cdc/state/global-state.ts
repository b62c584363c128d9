import type { GlobalContent, StreamDescriptor } from '../../../protocol/messages.ts'
import { buildSharedState, type Offset } from './offset.ts'
import { buildProgress, type StreamProgress, type StreamSource } from './stream-progress.ts'

/** A CDC stream and its progress. */
export interface StreamEntry {
  readonly descriptor: StreamDescriptor
  readonly source: StreamSource
  /** Null: it has not started. */
  readonly progress: StreamProgress | null
}

/**
 * Builds the content of a GLOBAL state. A stream that has not started is not listed, because the
 * earlier generation of the official connector treats every listed stream as complete.
 */
export function buildGlobalState(offset: Offset, streams: readonly StreamEntry[]): GlobalContent {
  return {
    shared_state: buildSharedState(offset),
    stream_states: streams.flatMap(({ descriptor, progress, source }) =>
      progress === null
        ? []
        : {
            stream_descriptor: descriptor,
            stream_state: buildProgress(descriptor, passView(progress, offset.lsn), source),
          },
    ),
  }
}

/** Removes the view of a complete snapshot once the position has passed its end. */
export function passView(progress: StreamProgress, lsn: bigint): StreamProgress {
  const isPassed = progress.type === 'LOG' && progress.view !== null && lsn >= progress.view.endLsn
  return isPassed ? { type: 'LOG', view: null } : progress
}
