import { streamStatus, type StreamDescriptor, type StreamStatus } from '../protocol/messages.ts'
import type { Run } from '../run-context.ts'

/** Emits the status traces of the streams of a run, each at most once. */
export class StatusBoard {
  /** STATE messages of the run so far: how much progress there is. */
  states = 0
  readonly #run: Run
  readonly #statuses = new Map<StreamDescriptor, StreamStatus | null>()

  constructor(run: Run, streams: readonly { readonly descriptor: StreamDescriptor }[]) {
    this.#run = run
    for (const { descriptor } of streams) this.#statuses.set(descriptor, null)
  }

  /** The stream is being read. */
  started(descriptor: StreamDescriptor): void {
    if (this.#statuses.get(descriptor) === null) this.#set(descriptor, 'STARTED')
  }

  /** It has given its first records. */
  running(descriptor: StreamDescriptor): void {
    if (this.#statuses.get(descriptor) !== 'RUNNING') this.#set(descriptor, 'RUNNING')
  }

  /** All of it has been read. */
  complete(descriptor: StreamDescriptor): void {
    this.#set(descriptor, 'COMPLETE')
  }

  /** Whether the stream needs no further attempt. */
  isComplete(descriptor: StreamDescriptor): boolean {
    return this.#statuses.get(descriptor) === 'COMPLETE'
  }

  /** The run ends early: so says every stream that is not complete. */
  incomplete(): void {
    for (const [descriptor, status] of this.#statuses) {
      if (status !== 'COMPLETE') this.#set(descriptor, 'INCOMPLETE')
    }
  }

  #set(descriptor: StreamDescriptor, status: StreamStatus): void {
    this.#statuses.set(descriptor, status)
    this.#run.output.write(streamStatus(descriptor, status, this.#run.startedAtMs))
  }
}
