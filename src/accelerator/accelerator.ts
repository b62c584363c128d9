import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { viewOf } from '../bytes/byte-view.ts'
import type { RowsTaken } from '../wire/copy-stream.ts'
import { HEADER_BYTES } from '../wire/torn-message.ts'
import { EncoderModule, HANDED_BACK } from './encoder-module.ts'
import type { Program } from './program.ts'

/** Part of a stream of messages. */
export interface MessageBytes {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Encodes the messages in the input area. */
export interface SliceEncoder {
  /** Maximum number of bytes per call. */
  readonly maxBytes: number
  /** Encodes rows up to `end`. */
  encode(end: number): SliceTaken
}

/** Rows of a slice. `end` is a position in the memory of the module. */
export interface SliceTaken extends RowsTaken {
  /** Whether it stopped at an incomplete message. */
  readonly isTorn: boolean
}

/** Distance between areas: the module loads and stores blocks across the end of an area. */
const GAP_BYTES = 64
const PROGRAMS_BYTES = 1024 * 1024
/**
 * Number of bytes copied into the module at a time. With their output, they stay in a cache of the
 * processor.
 */
const INPUT_BYTES = 128 * 1024
const OUTPUT_BYTES = 1024 * 1024
/** Maximum size of an appended value, beyond six times the length of its binary form. */
const VALUE_BYTES = 48
const EXPANSION = 6

/**
 * Encodes rows in the WebAssembly module. Its memory has three areas: programs, input, output. A
 * call never waits, so input and output are free when it returns, and one instance serves all
 * streams and connections of a process.
 */
export class Accelerator {
  readonly module: EncoderModule
  /** Positions of the input and the output area. */
  readonly input: number
  readonly output: number
  readonly outputEnd: number
  readonly #outputArea: Buffer
  /** View of the output area for writers that the module calls. */
  readonly #scratch = new ByteBuffer(0)
  readonly #programs: number
  #programsEnd: number
  /** Number of times that the area of the programs was cleared. */
  #generation = 0
  #program: Program | null = null

  /** @throws Error if the module cannot be instantiated. */
  constructor() {
    this.module = new EncoderModule((...call) => this.#callWriter(...call))
    const { memory, free } = this.module
    this.#programs = Math.ceil(free / GAP_BYTES) * GAP_BYTES
    this.#programsEnd = this.#programs
    this.input = this.#programs + PROGRAMS_BYTES + GAP_BYTES
    this.output = this.input + INPUT_BYTES + GAP_BYTES
    this.outputEnd = this.output + OUTPUT_BYTES
    this.#outputArea = memory.subarray(this.output, this.outputEnd)
    if (this.#outputArea.length < OUTPUT_BYTES)
      throw new Error('encoder.wasm has too little memory')
  }

  /** Whether there is room for a program. */
  canRun({ bytes }: Program): boolean {
    return bytes.length <= PROGRAMS_BYTES
  }

  /**
   * Runs a program on the messages, up to the first one that is not a row or is larger than a
   * slice. They are copied into the input area slice by slice.
   */
  run(program: Program, { bytes, start, end }: MessageBytes, encoder: SliceEncoder): RowsTaken {
    this.#place(program)
    let at = start
    let rows = 0
    for (;;) {
      const sliceBytes = Math.min(INPUT_BYTES, encoder.maxBytes)
      if (at + HEADER_BYTES > end || viewOf(bytes).getInt32(at + 1) >= sliceBytes) break
      const sliceEnd = Math.min(end, at + sliceBytes)
      const copied = bytes.copy(this.module.memory, this.input, at, sliceEnd)
      const taken = encoder.encode(this.input + copied)
      at += taken.end - this.input
      rows += taken.rows
      if (!taken.isTorn || taken.end === this.input) break
    }
    return { rows, end: at }
  }

  /** Copies the program into the memory unless it is already there. */
  #place(program: Program): void {
    this.#program = program
    if (program.generation === this.#generation) return
    if (this.#programsEnd + program.bytes.length > this.#programs + PROGRAMS_BYTES) {
      this.#generation++
      this.#programsEnd = this.#programs
    }
    program.at = this.#programsEnd
    program.generation = this.#generation
    this.#programsEnd += program.bytes.copy(this.module.memory, program.at)
  }

  /** A value that takes more room than reserved is handed back. */
  #callWriter(column: number, out: number, at: number, length: number): number {
    const scratch = this.#scratch
    scratch.replaceStorage(this.#outputArea)
    scratch.length = out - this.output
    const mayEnd = scratch.length + EXPANSION * length + VALUE_BYTES
    const program = this.#program!
    try {
      const outcome = program.writers[column]!(scratch, this.module.memory, at, at + length)
      const isInPlace = scratch.bytes === this.#outputArea && scratch.length <= mayEnd
      return isInPlace ? program.resultOf(outcome, this.output + scratch.length) : HANDED_BACK
    } catch {
      return HANDED_BACK // The writer of the row throws the same error
    }
  }
}
