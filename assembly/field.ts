import { uint16, uint32, uint64 } from './bytes'
import { putInt } from './digits'
import { putFloat8 } from './float8'
import { putBytea, putUuid } from './hex'
import { putNumberText } from './number-text'
import { putNumeric } from './numeric'
import { HANDED_BACK, Op } from './op'
import { putDate, putTimeOfDay, putTimestamp, putTimestampTz } from './temporal'
import { putText } from './text'

const JSONB_VERSION: u8 = 1

/**
 * Appends the value `at[0, length)`; returns the position after it, or HANDED_BACK. A value may
 * take 6 × `length` + 48 bytes, and stores may write up to 16 bytes after it.
 */
export function putField(op: u32, out: usize, at: usize, length: usize): usize {
  switch (op) {
    case Op.Int2:
      return length == 2 ? putInt(out, <i64>(<i16>uint16(at))) : HANDED_BACK
    case Op.Int4:
      return length == 4 ? putInt(out, <i64>(<i32>uint32(at))) : HANDED_BACK
    case Op.Int8:
      return length == 8 ? putInt(out, <i64>uint64(at)) : HANDED_BACK
    case Op.Oid:
      return length == 4 ? putInt(out, <i64>uint32(at)) : HANDED_BACK
    case Op.Bool:
      return length == 1 ? putBool(out, load<u8>(at)) : HANDED_BACK
    case Op.Float8:
      return length == 8 ? putFloat8(out, uint64(at)) : HANDED_BACK
    case Op.Numeric:
      return putNumeric(out, at, length)
    case Op.NumberText:
      return putNumberText(out, at, length)
    case Op.Text:
      return putText(out, at, length)
    case Op.Jsonb:
      if (length == 0 || load<u8>(at) != JSONB_VERSION) return HANDED_BACK
      return putText(out, at + 1, length - 1)
    case Op.Bytea:
      return putBytea(out, at, length)
    case Op.Uuid:
      return length == 16 ? putUuid(out, at) : HANDED_BACK
    default:
      return putTemporal(op, out, at, length)
  }
}

function putTemporal(op: u32, out: usize, at: usize, length: usize): usize {
  switch (op) {
    case Op.Date:
      return length == 4 ? putDate(out, <i32>uint32(at)) : HANDED_BACK
    case Op.Time:
      return length == 8 ? putTimeOfDay(out, <i64>uint64(at)) : HANDED_BACK
    case Op.Timestamp:
      return length == 8 ? putTimestamp(out, <i64>uint64(at)) : HANDED_BACK
    case Op.TimestampTz:
      return length == 8 ? putTimestampTz(out, <i64>uint64(at)) : HANDED_BACK
    default:
      return HANDED_BACK
  }
}

function putBool(out: usize, value: u8): usize {
  if (value == 0) {
    store<u64>(out, 0x65_736c_6166 /* false */)
    return out + 5
  }
  store<u32>(out, 0x6575_7274 /* true */)
  return out + 4
}
