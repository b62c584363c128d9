import { uint16, uint32 } from './bytes'
import { callWriter, UNREPRESENTABLE, TRUNCATED } from './callback'
import { ColumnOp, Conversion } from './column-op'
import { putFixed } from './fixed-value'
import { HANDED_BACK } from './op'
import { COPY_DATA, COUNT_BYTES, HEADER_BYTES, LENGTH_BYTES, NULL_LENGTH, Stop } from './rows'
import { putColumnText } from './text-value'

/** A program: a header, then an instruction for each column. All fields are words. */
const COLUMNS: usize = 0
/** Room for a row beyond six times its length. */
const ROOM: usize = 4
/** Set by the module: where it stopped reading, and how many rows it encoded. */
const INPUT_AT: usize = 8
const ROWS: usize = 12
const INSTRUCTIONS: usize = 16
const INSTRUCTION_BYTES: usize = 48
/** In an instruction, after the op: size of a value in bytes, 0 for bits and text. */
const WIDTH: usize = 4
const PARAMETER: usize = 8
/** Length of the texts of earlier rows. */
const TEXT_BYTES: usize = 12
/**
 * Set by the module: positions of the validity, of the values or offsets, and of the text; then two
 * counts.
 */
const VALIDITY: usize = 16
const VALUES: usize = 20
const TEXT: usize = 24
const TEXT_END: usize = 28
const NULLS: usize = 32
const LOSSES: usize = 36
/** Maximum ratio of the size of a value to that of its binary form. */
const EXPANSION: usize = 6
const POSITION_BYTES: usize = 4
const OFFSET_BYTES: usize = 4
/** Alignment of an area. A store may write up to this many bytes after the end of its value. */
const BLOCK_BYTES: usize = 16
/** Room for a column besides its rows: blocks between its areas. */
const COLUMN_BYTES: usize = 128

/**
 * Encodes rows of the CopyData messages of `at … end` as columns, from `out` on: at most `maxRows`,
 * and up to the first row that it hands back. `firstBit` is the bit position of the first row
 * within a byte.
 */
export function encodeColumns(
  program: usize,
  at: usize,
  end: usize,
  out: usize,
  outEnd: usize,
  maxRows: u32,
  firstBit: u32,
): Stop {
  const stop = findFields(program, at, end, out, outEnd, maxRows)
  const found = load<u32>(program, ROWS)
  const columnsAt = out + <usize>found * load<u32>(program, COLUMNS) * POSITION_BYTES
  let rows = found
  for (;;) {
    const filled = fillColumns(program, out, columnsAt, rows, firstBit)
    if (filled == rows) break
    rows = filled // Repeat without the row that a column cannot encode
  }
  if (rows == found) return stop
  for (let row: u32 = 0; row < rows; row++) at += 1 + uint32(at + 1)
  store<u32>(program, <u32>at, INPUT_AT)
  store<u32>(program, rows, ROWS)
  return Stop.Handed
}

/** Stores the position of each field, row by row. */
function findFields(
  program: usize,
  at: usize,
  end: usize,
  out: usize,
  outEnd: usize,
  maxRows: u32,
): Stop {
  const columns = load<u32>(program, COLUMNS)
  const room = <usize>load<u32>(program, ROOM)
  let free = outEnd - out - <usize>columns * COLUMN_BYTES
  let rows: u32 = 0
  let stop = Stop.Torn
  while (rows < maxRows && end - at >= HEADER_BYTES) {
    const length = <usize>uint32(at + 1)
    const isRow = load<u8>(at) == COPY_DATA
    if (isRow && length >= end - at) break
    const needed = length * EXPANSION + room
    if (isRow && needed > free) {
      stop = Stop.Full
      break
    }
    if (!isRow || !findRow(at + HEADER_BYTES, at + 1 + length, out, columns)) {
      stop = Stop.Handed
      break
    }
    free -= needed
    out += <usize>columns * POSITION_BYTES
    at += 1 + length
    rows++
  }
  store<u32>(program, <u32>at, INPUT_AT)
  store<u32>(program, rows, ROWS)
  return stop
}

/** Whether the row has exactly as many fields as there are columns. */
function findRow(at: usize, end: usize, out: usize, columns: u32): bool {
  if (at + COUNT_BYTES > end || uint16(at) != columns) return false
  at += COUNT_BYTES
  for (let column: u32 = 0; column < columns; column++, out += POSITION_BYTES) {
    if (at + LENGTH_BYTES > end) return false
    store<u32>(out, <u32>at)
    const length = <i32>uint32(at)
    at += LENGTH_BYTES
    if (length == NULL_LENGTH) continue
    if (<usize>length > end - at) return false
    at += <usize>length
  }
  return at == end
}

/**
 * Fills the columns up to the first one that cannot encode a row; returns the number of that row,
 * or of all rows.
 */
function fillColumns(program: usize, fields: usize, at: usize, rows: u32, firstBit: u32): u32 {
  const columns = load<u32>(program, COLUMNS)
  const stride = <usize>columns * POSITION_BYTES
  let instruction = program + INSTRUCTIONS
  for (let column: u32 = 0; column < columns; column++, instruction += INSTRUCTION_BYTES) {
    const validity = blockAt(at)
    const validityBytes = (firstBit + rows + 7) >> 3
    memory.fill(validity, 0xff, validityBytes)
    const values = blockAt(validity + validityBytes)
    store<u32>(instruction, <u32>validity, VALIDITY)
    store<u32>(instruction, <u32>values, VALUES)
    store<u64>(instruction, 0, NULLS)
    const op = load<u32>(instruction)
    const first = fields + <usize>column * POSITION_BYTES
    let filled: u32
    if (op == ColumnOp.Bool) filled = fillBits(instruction, first, stride, rows, firstBit)
    else if (load<u32>(instruction, WIDTH) > 0) {
      filled = fillFixed(instruction, column, first, stride, rows, firstBit)
    } else filled = fillText(instruction, column, first, stride, rows, firstBit)
    if (filled < rows) return filled
    at = <usize>load<u32>(instruction, TEXT_END)
  }
  return rows
}

function fillBits(instruction: usize, field: usize, stride: usize, rows: u32, firstBit: u32): u32 {
  const values = <usize>load<u32>(instruction, VALUES)
  const bytes = (firstBit + rows + 7) >> 3
  memory.fill(values, 0, bytes)
  store<u32>(instruction, <u32>(values + bytes), TEXT_END)
  for (let row: u32 = 0; row < rows; row++, field += stride) {
    const at = <usize>load<u32>(field)
    const length = <i32>uint32(at)
    if (length == NULL_LENGTH) setNull(instruction, firstBit + row)
    else if (length != 1) return row
    else if (load<u8>(at + LENGTH_BYTES) != 0) setBit(values, firstBit + row)
  }
  return rows
}

function fillFixed(
  instruction: usize,
  column: u32,
  field: usize,
  stride: usize,
  rows: u32,
  firstBit: u32,
): u32 {
  const op = load<u32>(instruction)
  const width = <usize>load<u32>(instruction, WIDTH)
  const parameter = load<i32>(instruction, PARAMETER)
  let out = <usize>load<u32>(instruction, VALUES)
  store<u32>(instruction, <u32>(out + <usize>rows * width), TEXT_END)
  for (let row: u32 = 0; row < rows; row++, field += stride, out += width) {
    const at = <usize>load<u32>(field) + LENGTH_BYTES
    const length = <i32>uint32(at - LENGTH_BYTES)
    let conversion = Conversion.Unrepresentable
    if (length != NULL_LENGTH) {
      conversion = putFixed(op, out, at, <usize>length, width, parameter)
      if (conversion == Conversion.Unknown) {
        const end = callWriter(column, out, at, <usize>length)
        if (end == HANDED_BACK) return row
        conversion = end == UNREPRESENTABLE ? Conversion.Unrepresentable : Conversion.Kept
      }
      if (conversion == Conversion.Unrepresentable) countLoss(instruction)
    }
    if (conversion == Conversion.Unrepresentable) {
      setNull(instruction, firstBit + row)
      memory.fill(out, 0, width)
    }
  }
  return rows
}

function fillText(
  instruction: usize,
  column: u32,
  field: usize,
  stride: usize,
  rows: u32,
  firstBit: u32,
): u32 {
  const op = load<u32>(instruction)
  const parameter = load<u32>(instruction, PARAMETER)
  let offset = <usize>load<u32>(instruction, VALUES)
  const text = blockAt(offset + <usize>rows * OFFSET_BYTES) + BLOCK_BYTES
  const base = load<u32>(instruction, TEXT_BYTES) - <u32>text
  let out = text
  store<u32>(instruction, <u32>text, TEXT)
  for (let row: u32 = 0; row < rows; row++, field += stride, offset += OFFSET_BYTES) {
    const at = <usize>load<u32>(field) + LENGTH_BYTES
    const length = <i32>uint32(at - LENGTH_BYTES)
    if (length == NULL_LENGTH) setNull(instruction, firstBit + row)
    else {
      let end = putColumnText(op, out, at, <usize>length, parameter)
      if (end == HANDED_BACK) {
        end = callWriter(column, out, at, <usize>length)
        if (end == HANDED_BACK) return row
        if (end == UNREPRESENTABLE || (end & TRUNCATED) != 0) countLoss(instruction)
        if (end == UNREPRESENTABLE) setNull(instruction, firstBit + row)
      }
      if (end != UNREPRESENTABLE) out = end & ~TRUNCATED
    }
    store<u32>(offset, base + <u32>out)
  }
  store<u32>(instruction, <u32>out, TEXT_END)
  return rows
}

/**
 * Next position where an area may begin: the last store may have written up to one block after its
 * end.
 */
function blockAt(at: usize): usize {
  return (at + 2 * BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1)
}

function setBit(bits: usize, index: u32): void {
  const at = bits + (index >> 3)
  store<u8>(at, load<u8>(at) | bitOf(index))
}

function setNull(instruction: usize, index: u32): void {
  const at = <usize>load<u32>(instruction, VALIDITY) + (index >> 3)
  store<u8>(at, load<u8>(at) & ~bitOf(index))
  store<u32>(instruction, load<u32>(instruction, NULLS) + 1, NULLS)
}

function countLoss(instruction: usize): void {
  store<u32>(instruction, load<u32>(instruction, LOSSES) + 1, LOSSES)
}

function bitOf(index: u32): u8 {
  return <u8>((<u32>1) << (index & 7))
}
