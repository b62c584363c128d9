import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import { EXACT, type ValueWriter } from '../types/pg-type.ts'
import { type RowsTaken, rowMessageBytes } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import { EncoderModule, HANDED_BACK } from './encoder-module.ts'
import { type LineColumn, LineProgram } from './line-program.ts'

/** Where lines go. */
export interface LineTarget {
  readonly out: ByteBuffer
  /** What follows the last value of a line. */
  tail(): Buffer
  /** How many rows are in the output. */
  rows: number
  /** Appends the line of a row that the module does not write, and counts it. */
  tuple(bytes: Buffer, start: number, end: number): void
}

/** Part of a stream of messages. */
export interface MessageBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** The module loads and stores blocks across the end of an area. */
const GAP_BYTES = 64
const PROGRAMS_BYTES = 1024 * 1024
/** What is copied into the module at a time: with what comes of it, it stays in a cache of the processor. */
const INPUT_BYTES = 128 * 1024
const OUTPUT_BYTES = 1024 * 1024
/** What a writer may append for a value, beyond six times the value's length. */
const VALUE_BYTES = 48
const EXPANSION = 6

/**
 * Encodes rows in the WebAssembly module. Its memory has three areas: programs, input, output. A call never waits, so
 * that input and output are free when it returns and one instance serves all streams and connections of a process.
 */
export class Accelerator {
  readonly #module: EncoderModule
  readonly #input: number
  readonly #output: number
  readonly #outputArea: Buffer
  /** The output area, for writers that the module calls. */
  readonly #scratch = new ByteBuffer(0)
  readonly #programs: number
  #programsEnd: number
  /** How often the area of the programs was cleared. */
  #generation = 0
  #writers: readonly ValueWriter[] = []

  /** @throws Error where the module cannot be instantiated. */
  constructor() {
    this.#module = new EncoderModule((...call) => this.#callWriter(...call))
    const { memory, free } = this.#module
    this.#programs = Math.ceil(free / GAP_BYTES) * GAP_BYTES
    this.#programsEnd = this.#programs
    this.#input = this.#programs + PROGRAMS_BYTES + GAP_BYTES
    this.#output = this.#input + INPUT_BYTES + GAP_BYTES
    this.#outputArea = memory.subarray(this.#output, this.#output + OUTPUT_BYTES)
    if (this.#outputArea.length < OUTPUT_BYTES)
      throw new Error('encoder.wasm has too little memory')
  }

  /** The program for the lines of a stream. */
  compile(columns: readonly LineColumn[], tail: Buffer): LineProgram {
    return new LineProgram(columns, tail, (op) => this.#module.codeOf(op))
  }

  /** Whether there is room for a program. */
  canRun({ bytes }: LineProgram): boolean {
    return bytes.length <= PROGRAMS_BYTES
  }

  /**
   * Appends the lines of whole messages, up to the first one that is no row or larger than the input area. Rows that
   * the module hands back are written by the target, in their order.
   */
  encode(program: LineProgram, { bytes, start, end }: MessageBytes, target: LineTarget): RowsTaken {
    const { memory } = this.#module
    this.#place(program)
    let at = start
    let rows = 0
    while (at + HEADER_BYTES <= end && viewOf(bytes).getInt32(at + 1) < INPUT_BYTES) {
      const copied = bytes.copy(memory, this.#input, at, Math.min(end, at + INPUT_BYTES))
      const slice = this.#encodeSlice(program, copied, target)
      at += slice.end
      rows += slice.rows
      if (!slice.isTorn || slice.end === 0) break
    }
    return { rows, end: at }
  }

  #encodeSlice(
    program: LineProgram,
    length: number,
    target: LineTarget,
  ): RowsTaken & { readonly isTorn: boolean } {
    const module = this.#module
    const { memory, stops } = module
    const end = this.#input + length
    const outputEnd = this.#output + OUTPUT_BYTES
    let at = this.#input
    let rows = 0
    for (;;) {
      const stop = module.encode(program.at, at, end, this.#output, outputEnd)
      target.out.copy(memory, this.#output, module.outputAt)
      const encoded = module.rows
      target.rows += encoded
      at = module.inputAt
      rows += encoded
      const isTorn = stop === stops.torn
      if (isTorn) return { rows, end: at - this.#input, isTorn }
      if (stop === stops.full && encoded > 0) continue
      const size = rowMessageBytes(memory, at, end)
      if (size === 0) return { rows, end: at - this.#input, isTorn }
      target.tuple(memory, at + HEADER_BYTES, at + size)
      rows++
      at += size
    }
  }

  /** Puts the program into the memory unless it is there. */
  #place(program: LineProgram): void {
    this.#writers = program.writers
    if (program.generation === this.#generation) return
    if (this.#programsEnd + program.bytes.length > this.#programs + PROGRAMS_BYTES) {
      this.#generation++
      this.#programsEnd = this.#programs
    }
    program.at = this.#programsEnd
    program.generation = this.#generation
    this.#programsEnd += program.bytes.copy(this.#module.memory, program.at)
  }

  /** A value that the writer flags, or that takes more than the module reckoned with, is handed back. */
  #callWriter(column: number, out: number, at: number, length: number): number {
    const scratch = this.#scratch
    scratch.replaceStorage(this.#outputArea)
    scratch.length = out - this.#output
    const mayEnd = scratch.length + EXPANSION * length + VALUE_BYTES
    try {
      const outcome = this.#writers[column]!(scratch, this.#module.memory, at, at + length)
      const isInPlace = scratch.bytes === this.#outputArea && scratch.length <= mayEnd
      return outcome === EXACT && isInPlace ? this.#output + scratch.length : HANDED_BACK
    } catch {
      return HANDED_BACK // The row's writer throws it again
    }
  }
}
