import { streamKey } from '../../protocol/stream-names.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'
import type { Checkpoint } from '../feed.ts'
import { buildGlobalState, type StreamEntry } from './state/global-state.ts'
import type { Offset } from './state/offset.ts'
import type { StreamProgress } from './state/stream-progress.ts'

/** Position in the log and progress of each stream: the content of the next state. */
export class CdcProgress {
  #offset: Offset
  #streams: ReadonlyMap<string, StreamEntry>

  constructor(offset: Offset, streams: readonly StreamEntry[]) {
    this.#offset = offset
    this.#streams = new Map(streams.map((entry) => [streamKey(entry.descriptor), entry]))
  }

  get offset(): Offset {
    return this.#offset
  }

  /** Null: the stream has not started. */
  of(descriptor: StreamDescriptor): StreamProgress | null {
    return this.#streams.get(streamKey(descriptor))?.progress ?? null
  }

  /** Streams whose snapshot is not complete. */
  unfinished(): readonly StreamDescriptor[] {
    const entries = [...this.#streams.values()]
    return entries.filter(({ progress }) => progress?.type !== 'LOG').map((each) => each.descriptor)
  }

  /** Sets the progress of a stream. */
  set(descriptor: StreamDescriptor, progress: StreamProgress | null): void {
    const key = streamKey(descriptor)
    const entry = this.#streams.get(key)
    if (entry === undefined) throw new Error('the stream is not one of the sync')
    this.#streams = new Map(this.#streams).set(key, { ...entry, progress })
  }

  /** Sets the position up to which every change has been delivered. */
  advance(position: Pick<Offset, 'lsn'> & Partial<Offset>): void {
    this.#offset = { ...this.#offset, ...position }
  }

  /** Checkpoint of the current progress, independently of when its state is built. */
  checkpoint(): Checkpoint {
    const offset = this.#offset
    const streams = this.#streams
    return {
      type: 'CHECKPOINT',
      state: () => ({ type: 'GLOBAL', global: buildGlobalState(offset, [...streams.values()]) }),
    }
  }
}
