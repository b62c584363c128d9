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

  /** The stream is being read. */
  started(descriptor: StreamDescriptor): void {
    const entry = this.#entry(descriptor)
    if (entry.status === null) this.#set(entry, 'STARTED')
  }

  /** It has given its first records. */
  running(descriptor: StreamDescriptor): void {
    const entry = this.#entry(descriptor)
    if (entry.status !== 'RUNNING') this.#set(entry, 'RUNNING')
  }

  /** All of it has been read. */
  complete(descriptor: StreamDescriptor): void {
    this.#set(this.#entry(descriptor), 'COMPLETE')
  }

  /** It is not read any further. */
  failed(descriptor: StreamDescriptor): void {
    this.#set(this.#entry(descriptor), 'INCOMPLETE')
  }

  /** Whether any stream has failed. */
  get haveFailures(): boolean {
    return [...this.#streams.values()].some(({ status }) => status === 'INCOMPLETE')
  }

  /** Whether the stream is complete or has failed, and needs no further attempt. */
  hasEnded(descriptor: StreamDescriptor): boolean {
    const { status } = this.#entry(descriptor)
    return status === 'COMPLETE' || status === 'INCOMPLETE'
  }

  /** Ends the status of every stream that is not complete; has no effect when called again. */
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
