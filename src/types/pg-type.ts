import type { ByteBuffer } from '../bytes/byte-buffer.ts'
import type { JsonObject } from '../json/json.ts'

/** The value is in the record, to the last digit. */
export const EXACT = 0
/** JSON cannot hold the value: `null` was written. */
export const NULLED = 1
/** Part of the value could not be given: bytes that are not UTF-8 became U+FFFD. */
export const TRUNCATED = 2
/** What became of a value. Anything but EXACT earns an entry in the record's `meta.changes`. */
export type Outcome = typeof EXACT | typeof NULLED | typeof TRUNCATED

/** The ops of the WebAssembly module, as `assembly/op.ts` names them. */
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
  /** The PostgreSQL form of the value is `bytes[start, end)`. */
  (out: ByteBuffer, bytes: Buffer, start: number, end: number): Outcome
  /** The op that appends the same bytes in the WebAssembly module. Absent: the module calls the writer. */
  readonly op?: Op
}

/** A writer whose values the WebAssembly module writes by itself. */
export function accelerated(op: Op, write: ValueWriter): ValueWriter {
  return Object.assign(write, { op })
}

/** The Arrow types of columns, as the Arrow schema spells them; a decimal has the precision and scale of its column. */
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

/** The binary forms that become an int64 or a float64. */
export type NumberForm = 'int2' | 'int4' | 'uint4' | 'int8' | 'float4' | 'float8' | 'numeric'

/** The Arrow column of a type. `utf8` holds the text of the JSON value; every other type is read from the binary form. */
export interface ArrowTraits {
  readonly default: ArrowTypeName
  /** With `--arrow-exact`. */
  readonly exact: ArrowTypeName
  /** What an int64 or float64 is read from. */
  readonly source?: NumberForm
  /** Whether Arrow holds every value of the type; otherwise some become null. */
  readonly isTotal: boolean
}

/** How a type behaves as a cursor. */
export interface CursorTraits {
  /** Whether its values are points in time, from which a window can be subtracted. */
  readonly isClock: boolean
  /** Whether equal values have equal bytes: not 1.0 and 1.00, 0 and -0, or strings that a collation finds equal. */
  readonly hasOneForm: boolean
  /**
   * The least value above all finite ones, by the server's major version; null: all values are finite. A cursor that
   * is saved at infinity or NaN would never find a later row.
   */
  readonly nonFiniteBound: ((major: number) => string) | null
}

/** Everything about one PostgreSQL type. */
export interface PgType {
  /** `pg_type.typname`, for messages: a domain or a type of another schema may have the name of a built-in one. */
  readonly name: string
  /** What discover says of a column of this type. */
  readonly jsonSchema: JsonObject
  readonly arrow: ArrowTraits
  /** For numeric(p,s): `s` digits of `p` are behind the point; negative scales round before it. */
  readonly decimal?: { readonly precision: number; readonly scale: number }
  /** Null: its values have no order in which later rows come last. */
  readonly cursor: CursorTraits | null
  /** The text that the type's output function gives → JSON. */
  readonly writeText: ValueWriter
  /** The bytes that the type's send function gives → JSON. Absent: the SELECT list asks for text. */
  readonly writeBinary?: ValueWriter
  /** The forms that it has in the log, where they are others than those that a SELECT gives. */
  readonly log?: LogForms
  /** Whether it has no send function, so that the log has its text among binary values. */
  readonly hasOnlyText?: boolean
}

/** How the two forms of a type become JSON. */
export interface LogForms {
  readonly writeText: ValueWriter
  /** Absent: the binary form is not read. */
  readonly writeBinary?: ValueWriter
}

/** How the values of a type in the log become JSON. */
export function logForms(type: PgType): LogForms {
  return type.log ?? type
}

/** Whether values of a type in a log in binary form can be read. */
export function isReadInBinary(type: PgType): boolean {
  return type.hasOnlyText === true || logForms(type).writeBinary !== undefined
}
