import type { RowsTaken } from '../wire/copy-stream.ts'
import type { Accelerator, MessageBytes } from './accelerator.ts'
import { type AcceleratorSource, StreamSize } from './accelerator-source.ts'
import { encodeLines, type LineTarget } from './line-encoder.ts'
import { type LineColumn, LineProgram } from './line-program.ts'

/** Encodes the rows of one stream as lines in the WebAssembly module if the stream is large. */
export class BulkLines {
  readonly #size: StreamSize
  readonly #columns: readonly LineColumn[]
  #program: LineProgram | null = null

  constructor(source: AcceleratorSource, columns: readonly LineColumn[]) {
    this.#size = new StreamSize(source)
    this.#columns = columns
  }

  /**
   * Returns null while the stream is small, if the module is not available, and for names that do
   * not fit into its memory.
   */
  takeRows(messages: MessageBytes, target: LineTarget): RowsTaken | null {
    const accelerator = this.#size.add(messages)
    if (accelerator === null) return null
    const program = this.#programFor(target.tail(), accelerator)
    if (!accelerator.canRun(program)) return null
    return encodeLines(accelerator, program, { messages, target })
  }

  /** The tail has the change columns, which rarely differ between two chunks. */
  #programFor(tail: Buffer, { module }: Accelerator): LineProgram {
    if (this.#program?.tail.equals(tail) !== true) {
      this.#program = new LineProgram(this.#columns, tail, (op) => module.codeOf(op))
    }
    return this.#program
  }
}
