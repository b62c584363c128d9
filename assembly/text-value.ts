import { ColumnOp } from './column-op'
import { putField } from './field'
import { HANDED_BACK, Op } from './op'
import { isUtf8 } from './utf8'

const BLOCK_BYTES: usize = 16
const JSONB_VERSION: u8 = 1
/** Length of `"`, and of `"\` before the backslash of a bytea. They are not part of the text. */
const QUOTE_BYTES: usize = 1
const BYTEA_QUOTE_BYTES: usize = 2

/** Appends the text of the value `at[0, length)`; returns the position after it, or HANDED_BACK. */
export function putColumnText(
  op: u32,
  out: usize,
  at: usize,
  length: usize,
  parameter: u32,
): usize {
  switch (op) {
    case ColumnOp.Text:
      return copyText(out, at, length)
    case ColumnOp.Jsonb:
      if (length == 0 || load<u8>(at) != JSONB_VERSION) return HANDED_BACK
      return copyText(out, at + 1, length - 1)
    case ColumnOp.Written:
      return putWritten(parameter, out, at, length)
    default:
      return HANDED_BACK
  }
}

/** Copies text. Bytes that are not UTF-8 are handed back. */
function copyText(out: usize, at: usize, length: usize): usize {
  const end = at + length
  const outEnd = out + length
  let seen = i8x16.splat(0)
  let from = at
  for (; from + BLOCK_BYTES <= end; from += BLOCK_BYTES, out += BLOCK_BYTES) {
    const block = v128.load(from)
    seen = v128.or(seen, block)
    v128.store(out, block)
  }
  let nonAscii = i8x16.bitmask(seen)
  const last = v128.load(from)
  v128.store(out, last)
  const left = <i32>(end - from)
  nonAscii |= i8x16.bitmask(last) & ((1 << left) - 1)
  return nonAscii == 0 || isUtf8(at, end) ? outEnd : HANDED_BACK
}

/**
 * Writes the JSON of a value whose only escape is the first backslash of a bytea. It is stored some
 * bytes before `out`, so that the text begins at `out`; the bytes before `out` are restored
 * afterwards.
 */
function putWritten(op: u32, out: usize, at: usize, length: usize): usize {
  const before = load<u16>(out - 2)
  const quoteBytes = quoteBytesOf(op)
  const end = putField(op, out - quoteBytes, at, length)
  store<u16>(out - 2, before)
  if (end == HANDED_BACK) return HANDED_BACK
  return quoteBytes == 0 ? end : end - QUOTE_BYTES
}

function quoteBytesOf(op: u32): usize {
  switch (op) {
    case Op.Bytea:
      return BYTEA_QUOTE_BYTES
    case Op.Uuid:
    case Op.Date:
    case Op.Time:
    case Op.Timestamp:
    case Op.TimestampTz:
      return QUOTE_BYTES
    default:
      return 0
  }
}
