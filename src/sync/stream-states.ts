import type { Message } from '../protocol/messages.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Checkpointer, StateThunk } from '../state/checkpointer.ts'
import type { StreamWriter } from '../writers/writer.ts'
import type { Attempt } from './attempt.ts'
import type { Run } from '../run-context.ts'

interface Reached {
  readonly state: StateThunk
  /** Of the writer's sink: all that the state speaks of. */
  readonly rows: number
}

/** Emits the states of one stream as they become due, each after its rows are settled. */
export class StreamStates {
  readonly #run: Run
  readonly #attempt: Attempt
  readonly #plan: StreamPlan
  readonly #writer: StreamWriter
  readonly #checkpointer: Checkpointer
  #waiting: Reached[] = []
  #countedRows: number

  constructor(
    run: Run,
    attempt: Attempt,
    { plan, writer }: { plan: StreamPlan; writer: StreamWriter },
  ) {
    this.#run = run
    this.#attempt = attempt
    this.#plan = plan
    this.#writer = writer
    this.#checkpointer = attempt.checkpointers.get(plan)!
    this.#countedRows = writer.sink.rows
  }

  /** With the rows so far, this state has been reached. */
  reach(state: StateThunk): void {
    const { rows } = this.#writer.sink
    if (this.#waiting.at(-1)?.rows === rows) this.#waiting.pop()
    this.#waiting.push({ state, rows })
    this.settle()
  }

  /** Looks which states speak of settled rows only. */
  settle(): void {
    const { settledRows } = this.#writer
    while (this.#waiting.length > 0 && this.#waiting[0]!.rows <= settledRows) {
      const { state, rows } = this.#waiting.shift()!
      this.#count(rows)
      this.#emit(this.#checkpointer.reach(state, performance.now()))
    }
  }

  /** The stream ends, or its attempt: emits the last state that can be given. */
  end(): void {
    this.settle()
    this.#count(this.#writer.sink.rows)
    this.#emit(this.#checkpointer.take(performance.now()))
  }

  #count(rows: number): void {
    this.#checkpointer.count(rows - this.#countedRows)
    this.#countedRows = rows
  }

  #emit(message: Message | null): void {
    if (message === null) return
    this.#writer.commit()
    this.#run.output.write(message)
    this.#attempt.stateFile?.emitted(message)
    this.#attempt.statuses.states++
    this.#plan.state = this.#checkpointer.state
  }
}
