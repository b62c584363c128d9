import { Field, Schema } from 'apache-arrow/schema'
import {
  DateDay,
  Decimal,
  FixedSizeBinary,
  Float64,
  Int16,
  Int32,
  Int64,
  TimestampMicrosecond,
  TimestampNanosecond,
} from 'apache-arrow/type'
import type { ArrowTypeName, NumberForm, PgType } from '../../types/pg-type.ts'
import { UUID_BYTES } from '../../types/bytes.ts'
import type { ArrowColumn } from './columns/arrow-column.ts'
import { BoolColumn } from './columns/bool-column.ts'
import { FixedColumn } from './columns/fixed-column.ts'
import {
  DATE,
  type FixedForm,
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
import { type ParseText, parserOf } from './columns/text-forms.ts'
import { Utf8Column } from './columns/utf8-column.ts'

/** A column of a relation, with the properties that Arrow needs. */
export interface ArrowSource {
  readonly name: string
  readonly type: PgType
  readonly isNullable: boolean
}

/** Whether values are written exactly, or with the default Arrow types. */
export interface ArrowOptions {
  readonly isExact: boolean
}

const UTC = 'UTC'
const DECIMAL128_DIGITS = 38
const DECIMAL256_DIGITS = 76

const INT64_FORMS: Readonly<Partial<Record<NumberForm, FixedForm>>> = {
  int2: INT2,
  int4: INT4,
  uint4: OID,
  int8: INT8,
}
const FLOAT64_FORMS: Readonly<Partial<Record<NumberForm, FixedForm>>> = {
  float4: FLOAT4,
  float8: FLOAT8,
  numeric: NUMERIC,
}

/** Constructors of the columns, by Arrow type. */
const COLUMNS: Readonly<Record<ArrowTypeName, (type: PgType) => ArrowColumn>> = {
  utf8: textColumn,
  bool: () => new BoolColumn(),
  int16: () => new FixedColumn(new Int16(), INT2_EXACT),
  int32: () => new FixedColumn(new Int32(), INT4_EXACT),
  int64: (type) => new FixedColumn(new Int64(), formOf(type, INT64_FORMS)),
  float64: (type) => new FixedColumn(new Float64(), formOf(type, FLOAT64_FORMS)),
  decimal: decimalColumn,
  date32: () => new FixedColumn(new DateDay(), DATE),
  'timestamp[us]': () => new FixedColumn(new TimestampMicrosecond(), TIMESTAMP_US),
  'timestamp[us, UTC]': () => new FixedColumn(new TimestampMicrosecond(UTC), TIMESTAMP_US),
  'timestamp[ns]': () => new FixedColumn(new TimestampNanosecond(), TIMESTAMP_NS),
  'timestamp[ns, UTC]': () => new FixedColumn(new TimestampNanosecond(UTC), TIMESTAMP_NS),
  'fixed_size_binary[16]': () => new FixedColumn(new FixedSizeBinary(UUID_BYTES), UUID),
}

/** Creates the column for the values of a type. */
export function arrowColumn(type: PgType, { isExact }: ArrowOptions): ArrowColumn {
  return COLUMNS[isExact ? type.arrow.exact : type.arrow.default](type)
}

/**
 * Returns a parser of the text form into the form that the column reads; null: the column reads
 * text.
 */
export function arrowParser(type: PgType, { isExact }: ArrowOptions): ParseText | null {
  return parserOf(isExact ? type.arrow.exact : type.arrow.default, type)
}

/**
 * Builds the schema. Fields are nullable if NULL is possible, or values that the Arrow type cannot
 * hold.
 */
export function arrowSchema(columns: readonly ArrowSource[], options: ArrowOptions): Schema {
  const fields = columns.map(({ name, type, isNullable }) => {
    return new Field(name, arrowColumn(type, options).type, isNullable || !type.arrow.isTotal)
  })
  return new Schema(fields)
}

/** Whether a type loses digits when it is converted to a float64. */
export function isRounded({ arrow }: PgType, { isExact }: ArrowOptions): boolean {
  return !isExact && arrow.default === 'float64' && arrow.source === 'numeric'
}

function formOf(
  { name, arrow: { source } }: PgType,
  forms: Readonly<Partial<Record<NumberForm, FixedForm>>>,
): FixedForm {
  const form = source === undefined ? undefined : forms[source]
  if (form === undefined)
    throw new Error(`The type ${name} has no form from which its numbers are read`)
  return form
}

function textColumn({ writeBinary, writeText }: PgType): ArrowColumn {
  return new Utf8Column(writeBinary ?? writeText)
}

/**
 * Returns a decimal column, or a text column if the type has no precision or one that is too large
 * for an Arrow decimal.
 */
function decimalColumn(type: PgType): ArrowColumn {
  const { decimal } = type
  if (decimal === undefined) return textColumn(type)
  const scale = Math.max(decimal.scale, 0)
  const precision = Math.max(decimal.precision - Math.min(decimal.scale, 0), scale)
  if (precision > DECIMAL256_DIGITS) return textColumn(type)
  const bits = precision > DECIMAL128_DIGITS ? 256 : 128
  return new FixedColumn(new Decimal(scale, precision, bits), decimalForm(bits, scale))
}
