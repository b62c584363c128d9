import type { StateMessage } from '../protocol/messages.ts'
import type { StateThunk } from '../replication/feed.ts'
import type { Run } from '../run-context.ts'
import type { StreamWriter } from '../writers/writer.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { RunStates } from './run-states.ts'
import type { StateFile } from './state-file.ts'

/** Where the states of a feed go. */
interface StateTargets {
  readonly checkpointer: Checkpointer
  readonly states: RunStates
  readonly stateFile: StateFile | null
}

interface Reached {
  readonly state: StateThunk
  /** Of all writers of the feed. */
  readonly rows: number
  /** Writers whose rows were not all durable, each with the number that must be. */
  readonly waitsFor: readonly (readonly [StreamWriter, number])[]
}

/** Emits the states of one feed as they become due, each after the rows that it covers are durable in every writer. */
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

  /** With the rows so far, this state has been reached. */
  reach(state: StateThunk): void {
    const rows = this.#rows
    const waitsFor = this.#writers
      .filter((writer) => writer.durableRows < writer.sink.rows)
      .map((writer) => [writer, writer.sink.rows] as const)
    if (this.#waiting.at(-1)?.rows === rows) this.#waiting.pop()
    this.#waiting.push({ state, rows, waitsFor })
    this.emitDurable()
  }

  /** Emits what is due of the states that cover durable rows only. */
  emitDurable(): void {
    while (this.#waiting.length > 0 && isDurable(this.#waiting[0]!)) {
      const { state, rows } = this.#waiting.shift()!
      this.#count(rows)
      this.#emit(this.#targets.checkpointer.reach(state, performance.now()))
    }
  }

  /** The feed ends, or its attempt: emits the last state that can be given. */
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
