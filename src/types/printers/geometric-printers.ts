import type { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { COMMA } from '../../bytes/ascii.ts'
import { printFloat8 } from './number-printers.ts'
import { BinaryReader, damaged, type Printer } from './printer.ts'

const FLOAT_BYTES = 8

/** `(x,y)` */
export const printPoint = shape((out, reader) => putPoint(out, reader))

/** `{A,B,C}` */
export const printLine = shape((out, reader) => {
  out.latin1('{')
  putFloats(out, reader, 3)
  out.latin1('}')
})

/** `[(x1,y1),(x2,y2)]` */
export const printLseg = shape((out, reader) => {
  out.latin1('[')
  putPoints(out, reader, 2)
  out.latin1(']')
})

/** `(x1,y1),(x2,y2)`: upper right, lower left. */
export const printBox = shape((out, reader) => putPoints(out, reader, 2))

/**
 * One byte that is not 0 if the path is closed, int32 count, points → `((x1,y1),…)`, or in brackets
 * if it is open.
 */
export const printPath = shape((out, reader) => {
  const isClosed = reader.uint8() !== 0
  out.latin1(isClosed ? '(' : '[')
  putPoints(out, reader, reader.int32())
  out.latin1(isClosed ? ')' : ']')
})

/** int32 count, points → `((x1,y1),…)`. */
export const printPolygon = shape((out, reader) => {
  out.latin1('(')
  putPoints(out, reader, reader.int32())
  out.latin1(')')
})

/** `<(x,y),r>` */
export const printCircle = shape((out, reader) => {
  out.latin1('<')
  putPoint(out, reader)
  out.byte(COMMA)
  putFloats(out, reader, 1)
  out.latin1('>')
})

function shape(put: (out: ByteBuffer, reader: BinaryReader) => void): Printer {
  return (out, bytes, start, end) => {
    const reader = new BinaryReader(bytes, start, end)
    put(out, reader)
    reader.finish()
  }
}

function putPoints(out: ByteBuffer, reader: BinaryReader, count: number): void {
  if (count < 0) throw damaged()
  for (let index = 0; index < count; index++) {
    if (index > 0) out.byte(COMMA)
    putPoint(out, reader)
  }
}

function putPoint(out: ByteBuffer, reader: BinaryReader): void {
  out.latin1('(')
  putFloats(out, reader, 2)
  out.latin1(')')
}

function putFloats(out: ByteBuffer, reader: BinaryReader, count: number): void {
  for (let index = 0; index < count; index++) {
    if (index > 0) out.byte(COMMA)
    const at = reader.skip(FLOAT_BYTES)
    printFloat8(out, reader.bytes, at, at + FLOAT_BYTES)
  }
}
