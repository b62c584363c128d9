import { viewOf } from '../../bytes/byte-view.ts'
import { float4Text } from '../float/float4.ts'
import {
  expectBytes,
  NUMERIC_INFINITY,
  NUMERIC_MINUS_INFINITY,
  NUMERIC_NAN,
  NUMERIC_POSITIVE,
  writeFloat8,
  writeNumeric,
} from '../numbers.ts'
import { BinaryReader, type Printer } from './printer.ts'

const NUMERIC_SIGN_AT = 4
/** Size of a numeric without digits. */
const NUMERIC_BYTES = 8
const NOT_FINITE: ReadonlyMap<number, string> = new Map([
  [NUMERIC_NAN, 'NaN'],
  [NUMERIC_INFINITY, 'Infinity'],
  [NUMERIC_MINUS_INFINITY, '-Infinity'],
])

/** float4: NaN and infinities without quotes. */
export const printFloat4: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 4)
  const value = viewOf(bytes).getFloat32(start)
  out.latin1(Number.isFinite(value) ? float4Text(value) : `${value}`)
}

/** float8: NaN and infinities without quotes. */
export const printFloat8: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  const value = viewOf(bytes).getFloat64(start)
  if (Number.isFinite(value)) writeFloat8(out, bytes, start, end)
  else out.latin1(`${value}`)
}

/** numeric, also NaN and infinities. */
export const printNumeric: Printer = (out, bytes, start, end) => {
  const hasNoDigits = end - start === NUMERIC_BYTES
  const sign = hasNoDigits ? viewOf(bytes).getUint16(start + NUMERIC_SIGN_AT) : NUMERIC_POSITIVE
  const name = NOT_FINITE.get(sign)
  if (name === undefined) writeNumeric(out, bytes, start, end)
  else out.latin1(name)
}

/** xid8: 8 bytes, unsigned. */
export const printXid8: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  out.latin1(`${viewOf(bytes).getBigUint64(start)}`)
}

/** pg_lsn: 8 bytes → `16/B374D848`. */
export const printLsn: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 8)
  const [high, low] = [viewOf(bytes).getUint32(start), viewOf(bytes).getUint32(start + 4)]
  out.latin1(`${high.toString(16)}/${low.toString(16)}`.toUpperCase())
}

/** tid: uint32 block, uint16 offset → `(0,1)`. */
export const printTid: Printer = (out, bytes, start, end) => {
  expectBytes(end - start, 6)
  out.latin1(`(${viewOf(bytes).getUint32(start)},${viewOf(bytes).getUint16(start + 4)})`)
}

/** pg_snapshot: number of running transactions, xmin, xmax, then their ids → `10:20:10,14`. */
export const printSnapshot: Printer = (out, bytes, start, end) => {
  const reader = new BinaryReader(bytes, start, end)
  const count = reader.int32()
  out.latin1(`${reader.int64()}:${reader.int64()}:`)
  for (let index = 0; index < count; index++) {
    out.latin1(`${index > 0 ? ',' : ''}${reader.int64()}`)
  }
  reader.finish()
}
