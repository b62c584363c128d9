import { labelOfStream } from '../catalog/select-streams.ts'
import type { StreamPlan } from '../replication/stream-plan.ts'
import type { Terminal } from '../run-context.ts'
import { completedLine, progressLine, type StreamProgress } from './progress-text.ts'

const REDRAW_MS = 200
const CLEAR_LINE = '\r\x1b[2K'
/** Behind each line, so that whatever else is printed there begins at its start. */
const RETURN = '\r'

/** Shows how a read goes on, on the last line of a terminal; a line stays for each complete stream. Silent without one. */
export class Progress implements Disposable {
  readonly #terminal: Terminal | null
  readonly #streams: number
  readonly #timer: NodeJS.Timeout | null
  #complete = 0
  #current: { plan: StreamPlan; startedMs: number; estimatedRows: number | null } | null = null
  #rows = 0
  #bytes = 0

  constructor(terminal: Terminal | null, streams: number) {
    this.#terminal = terminal
    this.#streams = streams
    this.#timer = terminal === null ? null : setInterval(() => this.#draw(), REDRAW_MS)
  }

  /** A stream is being read; when it is tried again, its rows are counted anew. */
  start(plan: StreamPlan): void {
    // What a saved state leaves to read is not what the statistics count
    const estimatedRows = plan.state === null ? plan.relation.estimatedRows : null
    this.#current = { plan, startedMs: performance.now(), estimatedRows }
    this.#rows = 0
    this.#bytes = 0
    this.#draw()
  }

  /** So many rows more, from so many bytes. */
  count({ rows, bytes }: { readonly rows: number; readonly bytes: number }): void {
    this.#rows += rows
    this.#bytes += bytes
  }

  /** All of the stream has been read. */
  complete(): void {
    const facts = this.#facts()
    this.#complete++
    this.#current = null
    if (facts === null || this.#terminal === null) return
    const { columns } = this.#terminal
    this.#terminal.write(`${CLEAR_LINE}${completedLine(facts, columns)}\n`)
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#current !== null) this.#terminal?.write(CLEAR_LINE)
    this.#current = null
  }

  #draw(): void {
    const facts = this.#facts()
    if (facts === null || this.#terminal === null) return
    const { columns } = this.#terminal
    this.#terminal.write(`${CLEAR_LINE}${progressLine(facts, columns)}${RETURN}`)
  }

  #facts(): StreamProgress | null {
    if (this.#current === null) return null
    const { plan, startedMs, estimatedRows } = this.#current
    return {
      name: labelOfStream(plan.descriptor),
      rows: this.#rows,
      bytes: this.#bytes,
      elapsedMs: performance.now() - startedMs,
      estimatedRows,
      complete: this.#complete,
      streams: this.#streams,
    }
  }
}
