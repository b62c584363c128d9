import {
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float64,
  Int16,
  Int32,
  Int64,
  Schema,
  TimestampMicrosecond,
  TimestampNanosecond,
} from 'apache-arrow'
import type { PgType } from '../../types/pg-type.ts'
import { UUID_BYTES } from '../../types/bytes.ts'
import { writeString } from '../../types/text.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'
import { BoolColumn } from './columns/bool-column.ts'
import { FixedColumn } from './columns/fixed-column.ts'
import {
  DATE,
  FLOAT4,
  FLOAT8,
  INT2,
  INT2_EXACT,
  INT4,
  INT4_EXACT,
  INT8,
  OID,
  TIMESTAMP_NS,
  TIMESTAMP_US,
  UUID,
} from './columns/fixed-forms.ts'
import { decimalForm, NUMERIC } from './columns/numeric-forms.ts'
import { Utf8Column } from './columns/utf8-column.ts'

/** A column of a relation, as far as Arrow needs to know it. */
export interface ArrowSource {
  readonly name: string
  readonly type: PgType
  readonly isNullable: boolean
}

/** Makes the empty column for a batch. */
type MakeColumn = () => ArrowColumn

/** How much of a value Arrow gets: the project's table, or every bit of it. */
export interface ArrowOptions {
  readonly isExact: boolean
}

const UTC = 'UTC'
const DECIMAL128_DIGITS = 38
const DECIMAL256_DIGITS = 76

/** By `pg_type.typname`, for the types whose entry in the registry is no utf8. */
const COLUMNS: Readonly<Record<string, MakeColumn>> = {
  bool: () => new BoolColumn(),
  int2: () => new FixedColumn(new Int64(), INT2, BigInt64Array),
  int4: () => new FixedColumn(new Int64(), INT4, BigInt64Array),
  int8: () => new FixedColumn(new Int64(), INT8, BigInt64Array),
  oid: () => new FixedColumn(new Int64(), OID, BigInt64Array),
  float4: () => new FixedColumn(new Float64(), FLOAT4, Float64Array),
  float8: () => new FixedColumn(new Float64(), FLOAT8, Float64Array),
  numeric: () => new FixedColumn(new Float64(), NUMERIC, Float64Array),
  date: () => new FixedColumn(new DateDay(), DATE, Int32Array),
  timestamp: () => new FixedColumn(new TimestampNanosecond(), TIMESTAMP_NS, BigInt64Array),
  timestamptz: () => new FixedColumn(new TimestampNanosecond(UTC), TIMESTAMP_NS, BigInt64Array),
}

const EXACT_COLUMNS: Readonly<Record<string, MakeColumn>> = {
  ...COLUMNS,
  int2: () => new FixedColumn(new Int16(), INT2_EXACT, Int16Array),
  int4: () => new FixedColumn(new Int32(), INT4_EXACT, Int32Array),
  timestamp: () => new FixedColumn(new TimestampMicrosecond(), TIMESTAMP_US, BigInt64Array),
  timestamptz: () => new FixedColumn(new TimestampMicrosecond(UTC), TIMESTAMP_US, BigInt64Array),
}

/** Types that hold every value of theirs. */
const TOTAL: ReadonlySet<string> = new Set(
  'bool int2 int4 int8 oid float4 float8 uuid bytea jsonb'.split(' '),
)

/** The column that collects the values of a type. */
export function arrowColumn(type: PgType, { isExact }: ArrowOptions): ArrowColumn {
  const write = type.writeBinary ?? type.writeText
  if (isExact && type.name === 'uuid' && type.writeBinary !== undefined) {
    return new FixedColumn(new FixedSizeBinary(UUID_BYTES), UUID, Uint8Array)
  }
  if (type.arrow === 'utf8') return new Utf8Column(write)
  if (isExact && type.name === 'numeric') return exactNumeric(type)
  const make = (isExact ? EXACT_COLUMNS : COLUMNS)[type.name]
  if (make === undefined) throw new Error(`no Arrow column for type ${type.name}`)
  return make()
}

/** Nullable: a NULL is possible, or a value that the Arrow type cannot hold. */
export function arrowSchema(columns: readonly ArrowSource[], options: ArrowOptions): Schema {
  const fields = columns.map(({ name, type, isNullable }) => {
    const isTotal = TOTAL.has(type.name) || type.writeBinary === writeString
    return new Field(name, arrowColumn(type, options).type, isNullable || !isTotal)
  })
  return new Schema(fields)
}

/** Whether a type loses digits on its way into a float64. */
export function isRounded(type: PgType, { isExact }: ArrowOptions): boolean {
  return !isExact && type.name === 'numeric' && type.arrow === 'float64'
}

/** Without a precision, or with one that no decimal has, the digits are text. */
function exactNumeric(type: PgType): ArrowColumn {
  const { decimal } = type
  const text = new Utf8Column(type.writeBinary ?? type.writeText)
  if (decimal === undefined) return text
  const scale = Math.max(decimal.scale, 0)
  const precision = Math.max(decimal.precision - Math.min(decimal.scale, 0), scale)
  if (precision > DECIMAL256_DIGITS) return text
  const bits = precision > DECIMAL128_DIGITS ? 256 : 128
  return new FixedColumn(new Decimal(scale, precision, bits), decimalForm(bits, scale), Uint32Array)
}
