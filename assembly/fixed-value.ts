import { uint16, uint32, uint64 } from './bytes'
import { ColumnOp, Conversion } from './column-op'
import { putDecimal, putFloat } from './decimal'

const DAYS_1970_TO_2000: i32 = 10_957
const MICROS_1970_TO_2000: i64 = 946_684_800_000_000
const NANOS_PER_MICRO: i64 = 1000
/**
 * First and last timestamp that fit into int64 nanoseconds since 1970, and the last one for
 * microseconds.
 */
const FIRST_NANOS: i64 = -10_170_056_836_854_775
const LAST_NANOS: i64 = 8_276_687_236_854_775
const LAST_MICROS: i64 = i64.MAX_VALUE - MICROS_1970_TO_2000

/** Stores the value `at[0, length)` of a column with values of `width` bytes. */
export function putFixed(
  op: u32,
  out: usize,
  at: usize,
  length: usize,
  width: usize,
  parameter: i32,
): Conversion {
  switch (op) {
    case ColumnOp.Word8:
      if (length != 8) return Conversion.Unknown
      store<u64>(out, uint64(at))
      return Conversion.Kept
    case ColumnOp.Word4:
      if (length != 4) return Conversion.Unknown
      store<u32>(out, uint32(at))
      return Conversion.Kept
    case ColumnOp.Word2:
      if (length != 2) return Conversion.Unknown
      store<u16>(out, <u16>uint16(at))
      return Conversion.Kept
    case ColumnOp.Bytes16:
      if (length != 16) return Conversion.Unknown
      v128.store(out, v128.load(at))
      return Conversion.Kept
    case ColumnOp.Numeric:
      return putFloat(out, at, length)
    case ColumnOp.Decimal:
      return putDecimal(out, at, length, width, parameter)
    case ColumnOp.Date:
      return length == 4 ? putDate(out, <i32>uint32(at)) : Conversion.Unknown
    case ColumnOp.TimestampMicros:
      return length == 8 ? putMicros(out, <i64>uint64(at)) : Conversion.Unknown
    case ColumnOp.TimestampNanos:
      return length == 8 ? putNanos(out, <i64>uint64(at)) : Conversion.Unknown
    default:
      return putWidened(op, out, at, length)
  }
}

function putWidened(op: u32, out: usize, at: usize, length: usize): Conversion {
  if (length != (op == ColumnOp.WideInt2 ? 2 : 4)) return Conversion.Unknown
  switch (op) {
    case ColumnOp.WideInt2:
      store<i64>(out, <i64>(<i16>uint16(at)))
      return Conversion.Kept
    case ColumnOp.WideInt4:
      store<i64>(out, <i64>(<i32>uint32(at)))
      return Conversion.Kept
    case ColumnOp.WideOid:
      store<u64>(out, <u64>uint32(at))
      return Conversion.Kept
    case ColumnOp.WideFloat4:
      store<f64>(out, <f64>reinterpret<f32>(uint32(at)))
      return Conversion.Kept
    default:
      return Conversion.Unknown
  }
}

/** Days since 2000 → days since 1970. */
function putDate(out: usize, days: i32): Conversion {
  if (days == i32.MAX_VALUE || days == i32.MIN_VALUE) return Conversion.Unrepresentable
  store<i32>(out, days + DAYS_1970_TO_2000)
  return Conversion.Kept
}

/** Microseconds since 2000 → microseconds since 1970. */
function putMicros(out: usize, micros: i64): Conversion {
  if (micros > LAST_MICROS || micros == i64.MIN_VALUE) return Conversion.Unrepresentable
  store<i64>(out, micros + MICROS_1970_TO_2000)
  return Conversion.Kept
}

/** Microseconds since 2000 → nanoseconds since 1970. */
function putNanos(out: usize, micros: i64): Conversion {
  if (micros > LAST_NANOS || micros < FIRST_NANOS) return Conversion.Unrepresentable
  store<i64>(out, (micros + MICROS_1970_TO_2000) * NANOS_PER_MICRO)
  return Conversion.Kept
}
