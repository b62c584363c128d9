import { BACKSLASH, COMMA, LEFT_BRACE, QUOTE, RIGHT_BRACE, SPACE } from '../../bytes/ascii.ts'
import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { BinaryReader, damaged, type Printer, UnknownFormError } from './printer.ts'

const NULL_LENGTH = -1
/** Maximum number of dimensions: MAXDIM. */
const MAX_DEPTH = 6
/** Bits of the flags of a range. */
const EMPTY = 0x01
const LOWER_INCLUSIVE = 0x02
const UPPER_INCLUSIVE = 0x04
const LOWER_INFINITE = 0x08
const UPPER_INFINITE = 0x10
/** Characters that require quotes around a value. */
const SPACES = ' \t\n\v\f\r'
const QUOTED_IN_RECORD = quotedBytes(`"\\(),${SPACES}`)
const QUOTED_IN_RANGE = quotedBytes(`"\\()[],${SPACES}`)
const LETTERS_OF_NULL = 'NULL'

/** An array → `{1,"a b",NULL}`, `[2:3]={1,2}`. */
export function arrayPrinter(element: Printer, delimiter: string): Printer {
  const needsQuotes = quotedBytes(`"\\{}${delimiter}${SPACES}`)
  const printElement = quoted(element, { needsQuotes, escape: BACKSLASH, hasNull: true })
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    const { lengths, bounds } = readDimensions(reader)
    if (lengths.length === 0) out.latin1('{}')
    else {
      if (bounds.some((bound) => bound !== 1)) {
        const pairs = lengths.map((length, index) => {
          return `[${bounds[index]}:${bounds[index]! + length - 1}]`
        })
        out.latin1(`${pairs.join('')}=`)
      }
      putDimension(out, reader, { lengths, depth: 0, printElement, delimiter })
    }
    reader.finish()
  }
}

/** int2vector, oidvector: the elements of an array, separated by spaces. */
export function vectorPrinter(element: Printer): Printer {
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    const [length = 0] = readDimensions(reader).lengths
    for (let index = 0; index < length; index++) {
      if (index > 0) out.byte(SPACE)
      putField(out, reader, element)
    }
    reader.finish()
  }
}

/**
 * A composite: int32 count; for each field the oid of its type, its length and value → `(1,"a
 * b",)`.
 */
export function recordPrinter(fields: ReadonlyMap<number, Printer>): Printer {
  const printers = new Map(
    Array.from(fields, ([oid, print]) => [
      oid,
      quoted(print, { needsQuotes: QUOTED_IN_RECORD, escape: null, hasNull: false }),
    ]),
  )
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    const count = reader.int32()
    out.latin1('(')
    for (let index = 0; index < count; index++) {
      if (index > 0) out.byte(COMMA)
      const print = printers.get(reader.uint32())
      if (print === undefined) throw new UnknownFormError('A composite type has been altered')
      putField(out, reader, print)
    }
    out.latin1(')')
    reader.finish()
  }
}

/** A range: flags, then length and value of each finite bound → `[1,"a b")`, `(,5]`, `empty`. */
export function rangePrinter(subtype: Printer): Printer {
  const printBound = quoted(subtype, {
    needsQuotes: QUOTED_IN_RANGE,
    escape: null,
    hasNull: false,
  })
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    const flags = reader.uint8()
    if ((flags & EMPTY) !== 0) out.latin1('empty')
    else {
      out.latin1((flags & LOWER_INCLUSIVE) === 0 ? '(' : '[')
      if ((flags & LOWER_INFINITE) === 0) putField(out, reader, printBound)
      out.byte(COMMA)
      if ((flags & UPPER_INFINITE) === 0) putField(out, reader, printBound)
      out.latin1((flags & UPPER_INCLUSIVE) === 0 ? ')' : ']')
    }
    reader.finish()
  }
}

/** A multirange: int32 count, then length and value of each range → `{[1,3),[5,)}`. */
export function multirangePrinter(range: Printer): Printer {
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    const count = reader.int32()
    out.byte(LEFT_BRACE)
    for (let index = 0; index < count; index++) {
      if (index > 0) out.byte(COMMA)
      putField(out, reader, range)
    }
    out.byte(RIGHT_BRACE)
    reader.finish()
  }
}

interface Quoting {
  /** Indexed by byte. */
  readonly needsQuotes: Uint8Array
  /** Character before a quote and before a backslash; null: the quote or backslash is doubled. */
  readonly escape: number | null
  /** Whether NULL without quotes is a null. */
  readonly hasNull: boolean
}

/** Prints a value with quotes if the input function would not read it as one value without them. */
function quoted(print: Printer, { needsQuotes, escape, hasNull }: Quoting): Printer {
  const text = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    text.reset()
    print(text, bytes, start, end)
    const value = text.bytes
    let isPlain = text.length > 0 && !(hasNull && isNullText(value, text.length))
    for (let at = 0; isPlain && at < text.length; at++) isPlain = needsQuotes[value[at]!] === 0
    if (isPlain) {
      out.copy(value, 0, text.length)
      return
    }
    out.byte(QUOTE)
    for (let at = 0; at < text.length; at++) {
      const byte = value[at]!
      if (byte === QUOTE || byte === BACKSLASH) out.byte(escape ?? byte)
      out.byte(byte)
    }
    out.byte(QUOTE)
  }
}

function isNullText(bytes: Buffer, length: number): boolean {
  if (length !== LETTERS_OF_NULL.length) return false
  return bytes.toString('latin1', 0, length).toUpperCase() === LETTERS_OF_NULL
}

function quotedBytes(characters: string): Uint8Array {
  const bytes = new Uint8Array(256)
  for (const byte of Buffer.from(characters)) bytes[byte] = 1
  return bytes
}

interface Dimensions {
  readonly lengths: readonly number[]
  readonly bounds: readonly number[]
}

function readDimensions(reader: BinaryReader): Dimensions {
  const count = reader.int32()
  if (count < 0 || count > MAX_DEPTH) throw damaged()
  reader.skip(8) // Flags, and the oid of the element type
  const pairs = Array.from({ length: count }, () => [reader.int32(), reader.int32()] as const)
  return { lengths: pairs.map(([length]) => length), bounds: pairs.map(([, bound]) => bound) }
}

function putDimension(
  out: ByteBuffer,
  reader: BinaryReader,
  array: {
    readonly lengths: readonly number[]
    readonly depth: number
    readonly printElement: Printer
    readonly delimiter: string
  },
): void {
  const { lengths, depth, printElement, delimiter } = array
  out.byte(LEFT_BRACE)
  for (let index = 0; index < lengths[depth]!; index++) {
    if (index > 0) out.latin1(delimiter)
    if (depth + 1 < lengths.length) putDimension(out, reader, { ...array, depth: depth + 1 })
    else if (!putField(out, reader, printElement)) out.latin1(LETTERS_OF_NULL)
  }
  out.byte(RIGHT_BRACE)
}

/** Prints a field of a length and a value. Returns false for a null. */
function putField(out: ByteBuffer, reader: BinaryReader, print: Printer): boolean {
  const length = reader.int32()
  if (length === NULL_LENGTH) return false
  const start = reader.skip(length)
  print(out, reader.bytes, start, start + length)
  return true
}
