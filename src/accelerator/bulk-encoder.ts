import type { RowsTaken } from '../wire/copy-stream.ts'
import type { Accelerator, LineTarget, MessageBytes } from './accelerator.ts'
import type { AcceleratorSource } from './accelerator-source.ts'
import type { LineColumn, LineProgram } from './line-program.ts'

/** Encodes the rows of one stream in the WebAssembly module, once the stream turns out to be large. */
export class BulkEncoder {
  readonly #source: AcceleratorSource
  readonly #columns: readonly LineColumn[]
  #seenBytes = 0
  #program: LineProgram | null = null

  constructor(source: AcceleratorSource, columns: readonly LineColumn[]) {
    this.#source = source
    this.#columns = columns
  }

  /** Null while the stream is small, where the module is missing, and for names that are too long for it. */
  takeRows(messages: MessageBytes, target: LineTarget): RowsTaken | null {
    const isSmall = this.#seenBytes < this.#source.smallBytes
    this.#seenBytes += messages.end - messages.start
    const accelerator = isSmall ? null : this.#source.get()
    if (accelerator === null) return null
    const program = this.#programFor(target.tail(), accelerator)
    return accelerator.canRun(program) ? accelerator.encode(program, messages, target) : null
  }

  /** The tail holds change columns, which rarely change between two chunks. */
  #programFor(tail: Buffer, accelerator: Accelerator): LineProgram {
    if (this.#program?.tail.equals(tail) !== true) {
      this.#program = accelerator.compile(this.#columns, tail)
    }
    return this.#program
  }
}
