import { BACKSLASH, SPACE } from '../../bytes/ascii.ts'
import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { BinaryReader, damaged, type Printer, UnknownFormError } from './printer.ts'

const APOSTROPHE = 0x27
/** Indexed by the weight bits of a position. The default weight D is not printed. */
const WEIGHTS = ['', 'C', 'B', 'A'] as const
/** Indexed by the bit number in the weights that an operand allows. */
const LETTERS = 'DCBA'
const POSITION_BITS = 14
const POSITION_MASK = 2 ** POSITION_BITS - 1
/** Kinds of items in a query: a lexeme or an operator. */
const LEXEME = 1
const OPERATOR = 2
const NOT = 1
const PHRASE = 4
/** Maximum nesting. A deeper query could exceed the stack. */
const MAX_DEPTH = 1000

interface OperatorFacts {
  readonly text: string
  /** An operand with a lower priority is printed in parentheses. */
  readonly priority: number
}

const OPERATORS: Readonly<Record<number, OperatorFacts>> = {
  [NOT]: { text: '!', priority: 4 },
  2: { text: ' & ', priority: 2 },
  3: { text: ' | ', priority: 1 },
  [PHRASE]: { text: ' <-> ', priority: 3 },
}

/**
 * tsvector: int32 count; for each lexeme its bytes, a zero, uint16 number of positions, positions →
 * `'cat':3A,5 'fat'`.
 */
export const printTsvector: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  const count = reader.int32()
  for (let index = 0; index < count; index++) {
    if (index > 0) out.byte(SPACE)
    putLexeme(out, reader)
    const positions = reader.uint16()
    for (let i = 0; i < positions; i++) {
      const position = reader.uint16()
      const weight = WEIGHTS[position >> POSITION_BITS]!
      out.latin1(`${i === 0 ? ':' : ','}${position & POSITION_MASK}${weight}`)
    }
  }
  reader.finish()
}

/**
 * tsquery: int32 number of items, then the items in prefix order: an operator is followed by its
 * right and its left operand.
 */
export const printTsquery: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  if (reader.int32() > 0)
    putQuery(out, readQuery(reader, 0), { priority: -1, isRightOfPhrase: false })
  reader.finish()
}

interface Lexeme {
  /** At the position of the item: its weights, whether it is a prefix, and the lexeme. */
  readonly reader: BinaryReader
}

interface Operation {
  readonly operator: OperatorFacts
  readonly isPhrase: boolean
  readonly text: string
  /** Absent: the operator has one operand. */
  readonly left?: Query
  readonly right: Query
}

type Query = Lexeme | Operation

function readQuery(reader: BinaryReader, depth: number): Query {
  if (depth > MAX_DEPTH) throw new UnknownFormError('A text search query is deeply nested')
  const type = reader.uint8()
  if (type === LEXEME) {
    const start = reader.skip(2)
    const end = reader.cstring()
    return { reader: new BinaryReader(reader.bytes, start, end) }
  }
  const code = reader.uint8()
  const operator = OPERATORS[code]
  if (type !== OPERATOR || operator === undefined) throw damaged()
  const isPhrase = code === PHRASE
  const distance = isPhrase ? reader.uint16() : 1
  const text = distance === 1 ? operator.text : ` <${distance}> `
  const right = readQuery(reader, depth + 1)
  if (code === NOT) return { operator, isPhrase, text, right }
  return { operator, isPhrase, text, right, left: readQuery(reader, depth + 1) }
}

/**
 * Prints a query. Phrases are not associative: one that is the right operand of another is printed
 * in parentheses.
 */
function putQuery(
  out: ByteBuffer,
  query: Query,
  parent: { readonly priority: number; readonly isRightOfPhrase: boolean },
): void {
  if ('reader' in query) {
    putOperand(out, query.reader)
    return
  }
  const { operator, isPhrase, text, left, right } = query
  const { priority } = operator
  const needsParentheses = priority < parent.priority || (isPhrase && parent.isRightOfPhrase)
  if (needsParentheses) out.latin1('( ')
  if (left !== undefined) putQuery(out, left, { priority, isRightOfPhrase: false })
  out.latin1(text)
  putQuery(out, right, { priority, isRightOfPhrase: isPhrase })
  if (needsParentheses) out.latin1(' )')
}

function putOperand(out: ByteBuffer, reader: BinaryReader): void {
  const weights = reader.uint8()
  const isPrefix = reader.uint8() !== 0
  putLexeme(out, reader)
  if (weights === 0 && !isPrefix) return
  out.latin1(isPrefix ? ':*' : ':')
  for (let bit = 3; bit >= 0; bit--) if ((weights >> bit) & 1) out.latin1(LETTERS[bit]!)
}

/** Prints a lexeme in quotes. Quotes and backslashes in it are doubled. */
function putLexeme(out: ByteBuffer, reader: BinaryReader): void {
  const start = reader.at
  const end = reader.cstring() - 1
  out.byte(APOSTROPHE)
  for (let at = start; at < end; at++) {
    const byte = reader.bytes[at]!
    if (byte === APOSTROPHE || byte === BACKSLASH) out.byte(byte)
    out.byte(byte)
  }
  out.byte(APOSTROPHE)
}
