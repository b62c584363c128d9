import { EXACT, type Op, type Outcome, type ValueWriter } from '../types/pg-type.ts'
import { HANDED_BACK } from './encoder-module.ts'
import type { Program } from './program.ts'

/** A column of a row: the text before its value, and the writer of the value. */
export interface LineColumn {
  readonly key: Buffer
  readonly write: ValueWriter
}

const WORD_BYTES = 4
const HEADER_WORDS = 4
const INSTRUCTION_WORDS = 4
/**
 * Maximum size of a value beyond six times its length: 48 bytes, and one block that is stored after
 * it.
 */
const VALUE_ROOM_BYTES = 64
/** The module copies texts in blocks of this size. */
const BLOCK_BYTES = 16

/**
 * Program that writes the lines of one stream, in the form that `assembly/encoder.ts` describes.
 */
export class LineProgram implements Program {
  readonly bytes: Buffer
  /** Text after the last value. */
  readonly tail: Buffer
  readonly writers: readonly ValueWriter[]
  at = 0
  generation = -1

  /** @param codeOf returns the number of an op. */
  constructor(columns: readonly LineColumn[], tail: Buffer, codeOf: (op: Op) => number) {
    this.tail = tail
    this.writers = columns.map(({ write }) => write)
    const words = [columns.length, 0]
    const texts: Buffer[] = []
    let textAt = WORD_BYTES * (HEADER_WORDS + INSTRUCTION_WORDS * columns.length)
    const addText = (text: Buffer): void => {
      const padded = Buffer.alloc(Math.ceil(text.length / BLOCK_BYTES) * BLOCK_BYTES)
      text.copy(padded)
      texts.push(padded)
      words.push(textAt, text.length)
      textAt += padded.length
    }
    addText(tail)
    for (const { key, write } of columns) {
      words.push(codeOf(write.op ?? 'Callback'))
      addText(key)
      words.push(0)
    }
    const textBytes = texts.reduce((sum, text) => sum + text.length, 0)
    words[1] = textBytes + columns.length * VALUE_ROOM_BYTES
    const code = Buffer.alloc(WORD_BYTES * words.length)
    words.forEach((word, index) => code.writeUInt32LE(word, WORD_BYTES * index))
    this.bytes = Buffer.concat([code, ...texts])
  }
  /** A flagged value is handed back. */
  resultOf(outcome: Outcome, end: number): number {
    return outcome === EXACT ? end : HANDED_BACK
  }
}
