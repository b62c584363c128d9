import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import type { JsonObject } from '../json/json.ts'

/** The record contains the value with all its digits. */
export const EXACT = 0
/** JSON cannot hold the value: `null` was written. */
export const NULLED = 1
/** A part of the value was replaced: bytes that are not UTF-8 became U+FFFD. */
export const TRUNCATED = 2
/**
 * Result of writing a value. A result other than EXACT adds an entry to the record's
 * `meta.changes`.
 */
export type Outcome = typeof EXACT | typeof NULLED | typeof TRUNCATED

/** The ops of the WebAssembly module, by their names in `assembly/op.ts`. */
export type Op =
  | 'Callback'
  | 'Int2'
  | 'Int4'
  | 'Int8'
  | 'Oid'
  | 'Bool'
  | 'Float8'
  | 'Numeric'
  | 'NumberText'
  | 'Text'
  | 'Jsonb'
  | 'Bytea'
  | 'Uuid'
  | 'Date'
  | 'Time'
  | 'Timestamp'
  | 'TimestampTz'

/** Appends the JSON of a value to `out`. Never called for NULL. */
export interface ValueWriter {
  /** The value in its PostgreSQL form is `bytes[start, end)`. */
  (out: ByteBuffer, bytes: Buffer, start: number, end: number): Outcome
  /**
   * The op of the WebAssembly module that appends the same bytes. Absent: the module calls the
   * writer.
   */
  readonly op?: Op
}

/** Marks a writer for which the WebAssembly module has an op. */
export function accelerated(op: Op, write: ValueWriter): ValueWriter {
  return Object.assign(write, { op })
}

/**
 * Arrow types of columns, with the names of the Arrow schema. The precision and scale of a decimal
 * are those of its column.
 */
export type ArrowTypeName =
  | 'utf8'
  | 'bool'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'decimal'
  | 'date32'
  | 'timestamp[us]'
  | 'timestamp[us, UTC]'
  | 'timestamp[ns]'
  | 'timestamp[ns, UTC]'
  | 'fixed_size_binary[16]'

/** Binary forms that are converted to an int64 or a float64. */
export type NumberForm = 'int2' | 'int4' | 'uint4' | 'int8' | 'float4' | 'float8' | 'numeric'

/**
 * Arrow column of a type. `utf8` holds the text of the JSON value. All other Arrow types are read
 * from the binary form.
 */
export interface ArrowTraits {
  readonly default: ArrowTypeName
  /** The type with `--arrow-exact`. */
  readonly exact: ArrowTypeName
  /** Binary form from which an int64 or float64 is read. */
  readonly source?: NumberForm
  /** Whether Arrow holds every value of the type. Otherwise some values become null. */
  readonly isTotal: boolean
}

/** Properties of a type that is used as a cursor. */
export interface CursorTraits {
  /** Whether the values are points in time, so that an interval can be subtracted from them. */
  readonly isClock: boolean
  /**
   * Whether equal values have equal bytes. False for 1.0 and 1.00, 0 and -0, and strings that are
   * equal in a collation.
   */
  readonly hasOneForm: boolean
  /**
   * Returns the lowest value above all finite ones, by the server's major version; null: all values
   * are finite. A cursor that is saved as infinity or NaN would never find a later row.
   */
  readonly nonFiniteBound: ((major: number) => string) | null
}

/** Everything about one PostgreSQL type. */
export interface PgType {
  /**
   * `pg_type.typname`, for messages: a domain or a type of another schema may have the name of a
   * built-in one.
   */
  readonly name: string
  /** JSON schema of a column of this type in the discovered catalog. */
  readonly jsonSchema: JsonObject
  readonly arrow: ArrowTraits
  /**
   * Of numeric(p,s): precision `p` and scale `s`. A negative scale rounds digits before the point.
   */
  readonly decimal?: { readonly precision: number; readonly scale: number }
  /** Null: the values have no order by which new rows could be found. */
  readonly cursor: CursorTraits | null
  /** Writes JSON from the text of the type's output function. */
  readonly writeText: ValueWriter
  /**
   * Writes JSON from the bytes of the type's send function. Absent: the SELECT list returns text.
   */
  readonly writeBinary?: ValueWriter
  /** Forms in the log, if they differ from the forms that a SELECT returns. */
  readonly log?: LogForms
  /**
   * Whether the type has no send function. A log in binary form contains the text of such a value.
   */
  readonly hasOnlyText?: boolean
}

/** Writers of JSON for both forms of a type. */
export interface LogForms {
  readonly writeText: ValueWriter
  /** Absent: the binary form is not read. */
  readonly writeBinary?: ValueWriter
}

/** Writers of JSON for the values of a type in the log. */
export function logForms(type: PgType): LogForms {
  return type.log ?? type
}

/** Whether the values of a type can be read from a log in binary form. */
export function isReadInBinary(type: PgType): boolean {
  return type.hasOnlyText === true || logForms(type).writeBinary !== undefined
}
