import { buildStreamState, type StreamState } from '../state/stream-state.ts'
import type { Checkpoint } from './method.ts'

/** Word that a state has been reached; its JSON is only made if it is emitted. */
export function checkpoint(state: StreamState): Checkpoint {
  return { type: 'CHECKPOINT', state: () => buildStreamState(state) }
}
