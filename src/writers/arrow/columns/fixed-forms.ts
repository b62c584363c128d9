import type { ColumnOp } from '../../../accelerator/column-op.ts'
import { UUID_BYTES } from '../../../types/bytes.ts'
import { expectBytes } from '../../../types/numbers.ts'
import { DATE_INFINITY, DATE_MINUS_INFINITY } from '../../../types/temporal.ts'

/** How a field of COPY BINARY is converted to a value of fixed size. */
export interface FixedForm {
  /** Size of the value in bytes. */
  readonly width: number
  /** The op of the WebAssembly module for the same conversion. */
  readonly op: ColumnOp
  /** For a decimal: number of digits after the point. */
  readonly scale?: number
  /**
   * Writes the value of `source[start, end)` at `at`; false: the type cannot hold it.
   * @throws RangeError if the field does not have the form of its type.
   */
  readonly put: (
    target: DataView,
    at: number,
    source: DataView,
    start: number,
    end: number,
  ) => boolean
}

const DAYS_1970_TO_2000 = Date.UTC(2000, 0, 1) / 86_400_000
const WORD = 2 ** 32
const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1
const MICROS_1970_TO_2000 = Date.UTC(2000, 0, 1) * 1000

/** int2 → int64 */
export const INT2: FixedForm = {
  width: 8,
  op: 'WideInt2',
  put(target, at, source, start, end) {
    expectBytes(end - start, 2)
    const value = source.getInt16(start)
    target.setInt32(at, value, true)
    target.setInt32(at + 4, value >> 31, true)
    return true
  },
}

/** int4 → int64 */
export const INT4: FixedForm = {
  width: 8,
  op: 'WideInt4',
  put(target, at, source, start, end) {
    expectBytes(end - start, 4)
    const value = source.getInt32(start)
    target.setInt32(at, value, true)
    target.setInt32(at + 4, value >> 31, true)
    return true
  },
}

/** oid → int64 */
export const OID: FixedForm = {
  width: 8,
  op: 'WideOid',
  put(target, at, source, start, end) {
    expectBytes(end - start, 4)
    target.setUint32(at, source.getUint32(start), true)
    target.setInt32(at + 4, 0, true)
    return true
  },
}

/** int8 → int64 */
export const INT8: FixedForm = {
  width: 8,
  op: 'Word8',
  put(target, at, source, start, end) {
    expectBytes(end - start, 8)
    target.setInt32(at, source.getInt32(start + 4), true)
    target.setInt32(at + 4, source.getInt32(start), true)
    return true
  },
}

/** int2 → int16 */
export const INT2_EXACT: FixedForm = {
  width: 2,
  op: 'Word2',
  put(target, at, source, start, end) {
    expectBytes(end - start, 2)
    target.setInt16(at, source.getInt16(start), true)
    return true
  },
}

/** int4 → int32 */
export const INT4_EXACT: FixedForm = {
  width: 4,
  op: 'Word4',
  put(target, at, source, start, end) {
    expectBytes(end - start, 4)
    target.setInt32(at, source.getInt32(start), true)
    return true
  },
}

/** float4 → float64 of the same value */
export const FLOAT4: FixedForm = {
  width: 8,
  op: 'WideFloat4',
  put(target, at, source, start, end) {
    expectBytes(end - start, 4)
    target.setFloat64(at, source.getFloat32(start), true)
    return true
  },
}

/** float8 → float64 */
export const FLOAT8: FixedForm = {
  width: 8,
  op: 'Word8',
  put(target, at, source, start, end) {
    expectBytes(end - start, 8)
    target.setFloat64(at, source.getFloat64(start), true)
    return true
  },
}

/** date → date32: int32 days since 1970. Infinities are not representable. */
export const DATE: FixedForm = {
  width: 4,
  op: 'Date',
  put(target, at, source, start, end) {
    expectBytes(end - start, 4)
    const days = source.getInt32(start)
    if (days === DATE_INFINITY || days === DATE_MINUS_INFINITY) return false
    target.setInt32(at, days + DAYS_1970_TO_2000, true)
    return true
  },
}

/** timestamp → timestamp[ns]: int64 since 1970, from 1677-09-21 to 2262-04-11. */
export const TIMESTAMP_NS: FixedForm = {
  width: 8,
  op: 'TimestampNanos',
  put: timestampPut(1000),
}

/** timestamp → timestamp[us]: all values except the infinities and the years from 294247 on. */
export const TIMESTAMP_US: FixedForm = {
  width: 8,
  op: 'TimestampMicros',
  put: timestampPut(1),
}

/** uuid → its 16 bytes. */
export const UUID: FixedForm = {
  width: UUID_BYTES,
  op: 'Bytes16',
  put(target, at, source, start, end) {
    expectBytes(end - start, UUID_BYTES)
    for (let i = 0; i < UUID_BYTES; i += 4) target.setInt32(at + i, source.getInt32(start + i))
    return true
  },
}

/**
 * Multiplies and adds in two words; each step is exact in a double. An overflow of int64 is
 * detected in the upper word.
 */
function timestampPut(unitsPerMicro: number): FixedForm['put'] {
  const epoch = BigInt(MICROS_1970_TO_2000) * BigInt(unitsPerMicro)
  const epochHigh = Number(epoch >> 32n)
  const epochLow = Number(epoch & 0xffff_ffffn)
  return (target, at, source, start, end) => {
    expectBytes(end - start, 8)
    const high = source.getInt32(start)
    const low = source.getUint32(start + 4)
    if (high === INT32_MIN && low === 0) return false // -infinity; infinity overflows anyway
    const lowSum = low * unitsPerMicro + epochLow
    const carry = Math.floor(lowSum / WORD)
    const highSum = high * unitsPerMicro + epochHigh + carry
    if (highSum < INT32_MIN || highSum > INT32_MAX) return false
    target.setUint32(at, lowSum - carry * WORD, true)
    target.setInt32(at + 4, highSum, true)
    return true
  }
}
