import { uint16, uint32 } from './bytes'
import { callWriter } from './callback'
import { putField } from './field'
import { HANDED_BACK, Op } from './op'
import { COPY_DATA, COUNT_BYTES, HEADER_BYTES, LENGTH_BYTES, NULL_LENGTH, Stop } from './rows'

export { UNREPRESENTABLE, TRUNCATED } from './callback'
export { ColumnOp } from './column-op'
export { encodeColumns } from './columns'
export { Op } from './op'
export { Stop } from './rows'

/** Start of the memory that JavaScript manages, up to its end. */
export const FREE: usize = __heap_base

/** Where the last `encode` stopped reading and writing, and how many rows it wrote. */
export let inputAt: usize = 0
export let outputAt: usize = 0
export let rows: i32 = 0

const NULL_TEXT: u32 = 0x6c6c_756e
/**
 * A program: a header, then an instruction for each column. Both consist of words. Positions of
 * texts are relative to the program's start, and a text is padded to blocks of 16 bytes.
 */
const COLUMNS: usize = 0
const ROOM: usize = 4
const TAIL: usize = 8
const INSTRUCTIONS: usize = 16
const INSTRUCTION_BYTES: usize = 16
/** Word of an instruction that refers to the text before the value; the op is the first word. */
const KEY: usize = 4
/** Maximum ratio of the size of a value to that of its binary form. */
const EXPANSION: usize = 6

/**
 * Writes the CopyData messages of `at … end` as lines, from `out` on, up to the first one that it
 * hands back.
 */
export function encode(program: usize, at: usize, end: usize, out: usize, outEnd: usize): Stop {
  const room = <usize>load<u32>(program, ROOM)
  let stop = Stop.Torn
  let count = 0
  while (end - at >= HEADER_BYTES) {
    if (load<u8>(at) != COPY_DATA) {
      stop = Stop.Handed
      break
    }
    const length = <usize>uint32(at + 1)
    if (length >= end - at) break
    if (length * EXPANSION + room > outEnd - out) {
      stop = Stop.Full
      break
    }
    const next = at + 1 + length
    const to = putRow(program, at + HEADER_BYTES, next, out)
    if (to == HANDED_BACK) {
      stop = Stop.Handed
      break
    }
    out = to
    at = next
    count++
  }
  inputAt = at
  outputAt = out
  rows = count
  return stop
}

function putRow(program: usize, at: usize, end: usize, out: usize): usize {
  const columns = load<u32>(program, COLUMNS)
  if (at + COUNT_BYTES > end || uint16(at) != columns) return HANDED_BACK
  at += COUNT_BYTES
  let instruction = program + INSTRUCTIONS
  for (let column: u32 = 0; column < columns; column++, instruction += INSTRUCTION_BYTES) {
    if (at + LENGTH_BYTES > end) return HANDED_BACK
    const length = <i32>uint32(at)
    at += LENGTH_BYTES
    out = putConstant(out, program, instruction + KEY)
    if (length == NULL_LENGTH) {
      store<u32>(out, NULL_TEXT)
      out += 4
      continue
    }
    if (<usize>length > end - at) return HANDED_BACK
    const op = load<u32>(instruction)
    out =
      op == Op.Callback ? callWriter(column, out, at, length) : putField(op, out, at, <usize>length)
    if (out == HANDED_BACK) return HANDED_BACK
    at += <usize>length
  }
  return at == end ? putConstant(out, program, program + TAIL) : HANDED_BACK
}

/** Appends the text whose position and length are the two words at `text`. */
function putConstant(out: usize, program: usize, text: usize): usize {
  const from = program + load<u32>(text)
  const bytes = <usize>load<u32>(text, 4)
  for (let i: usize = 0; i < bytes; i += 16) v128.store(out + i, v128.load(from + i))
  return out + bytes
}
