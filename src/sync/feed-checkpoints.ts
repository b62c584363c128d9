import type { StateMessage } from '../protocol/messages.ts'
import type { StateThunk } from '../replication/feed.ts'
import type { Run } from '../run-context.ts'
import type { StreamWriter } from '../writers/writer.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { RunStates } from './run-states.ts'
import type { StateFile } from './state-file.ts'

/** Receivers of the states of a feed. */
interface StateTargets {
  readonly checkpointer: Checkpointer
  readonly states: RunStates
  readonly stateFile: StateFile | null
}

interface Reached {
  readonly state: StateThunk
  /** Number of rows in all writers of the feed. */
  readonly rows: number
  /** Writers with rows that were not durable, each with the required number of durable rows. */
  readonly waitsFor: readonly (readonly [StreamWriter, number])[]
}

/**
 * Emits the states of one feed when they are due, each after the rows that it covers are durable in
 * every writer.
 */
export class FeedCheckpoints {
  readonly #run: Run
  readonly #targets: StateTargets
  readonly #writers: readonly StreamWriter[]
  #waiting: Reached[] = []
  #countedRows: number

  constructor(run: Run, targets: StateTargets, writers: readonly StreamWriter[]) {
    this.#run = run
    this.#targets = targets
    this.#writers = writers
    this.#countedRows = this.#rows
  }

  /** Called when this state is reached with the rows so far. */
  reach(state: StateThunk): void {
    const rows = this.#rows
    const waitsFor = this.#writers
      .filter((writer) => writer.durableRows < writer.sink.rows)
      .map((writer) => [writer, writer.sink.rows] as const)
    if (this.#waiting.at(-1)?.rows === rows) this.#waiting.pop()
    this.#waiting.push({ state, rows, waitsFor })
    this.emitDurable()
  }

  /** Emits the due states that cover only durable rows. */
  emitDurable(): void {
    while (this.#waiting.length > 0 && isDurable(this.#waiting[0]!)) {
      const { state, rows } = this.#waiting.shift()!
      this.#count(rows)
      this.#emit(this.#targets.checkpointer.reach(state, performance.now()))
    }
  }

  /** Ends the feed or its attempt: emits the last state that covers only durable rows. */
  end(): void {
    this.emitDurable()
    this.#count(this.#rows)
    this.#emit(this.#targets.checkpointer.take(performance.now()))
  }

  get #rows(): number {
    return this.#writers.reduce((sum, { sink }) => sum + sink.rows, 0)
  }

  #count(rows: number): void {
    this.#targets.checkpointer.count(rows - this.#countedRows)
    this.#countedRows = rows
  }

  #emit(message: StateMessage | null): void {
    if (message === null) return
    for (const writer of this.#writers) writer.commit()
    this.#run.output.write(message)
    this.#targets.stateFile?.emitted(message)
    this.#targets.states.record(message.state)
  }
}

function isDurable({ waitsFor }: Reached): boolean {
  return waitsFor.every(([writer, rows]) => writer.durableRows >= rows)
}
