import { NULLED, type Op, type Outcome, TRUNCATED, type ValueWriter } from '../types/pg-type.ts'
import type { ColumnOp } from './column-op.ts'
import type { EncoderModule } from './encoder-module.ts'
import type { Program } from './program.ts'

/** How the values of a column are encoded. */
export interface ColumnCode {
  readonly op: ColumnOp
  /** Size of a value in bytes; 0 for bits and text. */
  readonly width: number
  /** For `Decimal`: number of digits after the point. */
  readonly scale?: number
  /** For `Written`: the op that writes the JSON of the value. */
  readonly written?: Op
  /** Appends a value that the module cannot encode; NULLED: the value is null. */
  readonly write: ValueWriter
}

/** Rows of a column in the memory of the module, by their positions. */
export interface ColumnRows {
  readonly memory: Buffer
  readonly rows: number
  /**
   * One bit per row, 1 for a value. Validity and bool values begin at the bit position of the first
   * row within its byte.
   */
  readonly validity: number
  /** Values, or the end offsets of texts. */
  readonly values: number
  readonly text: number
  readonly textEnd: number
  readonly nulls: number
  /** Number of values that the column could not hold, or not without loss. */
  readonly losses: number
}

/** A column that can take rows from the module. */
export interface BulkColumn {
  readonly code: ColumnCode
  /** Size of its texts so far. */
  readonly textBytes: number
}

const WORD_BYTES = 4
const HEADER_WORDS = 4
const INSTRUCTION_WORDS = 12
/** Index of words in a header or an instruction. */
const INPUT_AT_WORD = 2
const ROWS_WORD = 3
const TEXT_BYTES_WORD = 3
const RESULT_WORD = 4
/** Size of the position of a field, and of its validity and value bits. */
const FIELD_BYTES = 5
/**
 * Size of the offset of a text, of what the text may take beyond six times its length, and of one
 * block stored after it.
 */
const TEXT_ROOM_BYTES = 4 + 64

/**
 * Program that encodes the rows of one stream as columns, in the form that `assembly/columns.ts`
 * describes.
 */
export class ColumnProgram implements Program {
  readonly bytes: Buffer
  readonly writers: readonly ValueWriter[]
  at = 0
  generation = -1
  readonly #columns: readonly BulkColumn[]
  readonly #module: EncoderModule
  readonly #view: DataView

  constructor(columns: readonly BulkColumn[], module: EncoderModule) {
    this.#columns = columns
    this.#module = module
    this.#view = new DataView(module.memory.buffer)
    this.writers = columns.map(({ code }) => code.write)
    const room = columns.reduce((sum, { code }) => sum + roomOf(code), 0)
    const words = [columns.length, room, 0, 0]
    for (const { code } of columns) words.push(...instructionOf(code, module))
    this.bytes = Buffer.alloc(WORD_BYTES * words.length)
    words.forEach((word, index) => this.bytes.writeInt32LE(word, WORD_BYTES * index))
  }

  resultOf(outcome: Outcome, end: number): number {
    if (outcome === NULLED) return this.#module.unrepresentable
    return outcome === TRUNCATED ? end + this.#module.truncated : end
  }

  /** Writes the current text positions into the program. */
  prepare(): void {
    this.#columns.forEach(({ textBytes }, column) => {
      this.#view.setUint32(this.#wordAt(column, TEXT_BYTES_WORD), textBytes, true)
    })
  }

  /** Position where the module stopped reading. */
  get inputAt(): number {
    return this.#view.getUint32(this.at + WORD_BYTES * INPUT_AT_WORD, true)
  }

  /** Number of rows that the module encoded. */
  get rows(): number {
    return this.#view.getUint32(this.at + WORD_BYTES * ROWS_WORD, true)
  }

  /** Result of the module, by column. */
  columns(): ColumnRows[] {
    const { memory } = this.#module
    const { rows } = this
    return this.#columns.map((_, column) => {
      const at = this.#wordAt(column, RESULT_WORD)
      const word = (index: number): number => this.#view.getUint32(at + WORD_BYTES * index, true)
      const [validity, values, text, textEnd] = [word(0), word(1), word(2), word(3)]
      return { memory, rows, validity, values, text, textEnd, nulls: word(4), losses: word(5) }
    })
  }

  #wordAt(column: number, word: number): number {
    return this.at + WORD_BYTES * (HEADER_WORDS + INSTRUCTION_WORDS * column + word)
  }
}

function roomOf({ op, width }: ColumnCode): number {
  return FIELD_BYTES + (width > 0 || op === 'Bool' ? width : TEXT_ROOM_BYTES)
}

function instructionOf({ op, width, scale = 0, written }: ColumnCode, module: EncoderModule) {
  const parameter = written === undefined ? scale : module.codeOf(written)
  const words = [module.columnCodeOf(op), width, parameter]
  return [...words, ...Array<number>(INSTRUCTION_WORDS - words.length).fill(0)]
}
