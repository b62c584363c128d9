import { streamStatus, type StreamDescriptor, type StreamStatus } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'
import type { Run } from '../run-context.ts'

interface Entry {
  readonly descriptor: StreamDescriptor
  status: StreamStatus | null
}

/** Emits the status traces of the streams of a run, each at most once. */
export class StreamStatuses {
  readonly #run: Run
  readonly #streams: ReadonlyMap<string, Entry>

  constructor(run: Run, descriptors: readonly StreamDescriptor[]) {
    this.#run = run
    this.#streams = new Map(
      descriptors.map((descriptor) => [streamKey(descriptor), { descriptor, status: null }]),
    )
  }

  /** Emits STARTED. */
  started(descriptor: StreamDescriptor): void {
    const entry = this.#entry(descriptor)
    if (entry.status === null) this.#set(entry, 'STARTED')
  }

  /** Emits RUNNING after the first records of the stream. */
  running(descriptor: StreamDescriptor): void {
    const entry = this.#entry(descriptor)
    if (entry.status !== 'RUNNING') this.#set(entry, 'RUNNING')
  }

  /** Emits COMPLETE. */
  complete(descriptor: StreamDescriptor): void {
    this.#set(this.#entry(descriptor), 'COMPLETE')
  }

  /** Emits INCOMPLETE for a stream that is not read any further. */
  failed(descriptor: StreamDescriptor): void {
    this.#set(this.#entry(descriptor), 'INCOMPLETE')
  }

  /** Whether a stream has failed. */
  get haveFailures(): boolean {
    return [...this.#streams.values()].some(({ status }) => status === 'INCOMPLETE')
  }

  /** Whether the stream is complete or has failed, so that no further attempt reads it. */
  hasEnded(descriptor: StreamDescriptor): boolean {
    const { status } = this.#entry(descriptor)
    return status === 'COMPLETE' || status === 'INCOMPLETE'
  }

  /** Emits INCOMPLETE for every stream that is not complete. A second call has no effect. */
  incomplete(): void {
    for (const { descriptor } of this.#streams.values()) {
      if (!this.hasEnded(descriptor)) this.failed(descriptor)
    }
  }

  #entry(descriptor: StreamDescriptor): Entry {
    const entry = this.#streams.get(streamKey(descriptor))
    if (entry === undefined) throw new Error('the run does not read this stream')
    return entry
  }

  #set(entry: Entry, status: StreamStatus): void {
    entry.status = status
    this.#run.output.write(streamStatus(entry.descriptor, status, this.#run.startedAtMs))
  }
}
