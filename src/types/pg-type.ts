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

/** Appends the JSON of the value whose PostgreSQL form is `bytes[start, end)`. Never called for NULL. */
export type ValueWriter = (out: ByteBuffer, bytes: Buffer, start: number, end: number) => Outcome

/** The project's own Arrow table: what the Arrow schema says of a column. */
export type ArrowTypeName =
  'int64' | 'float64' | 'bool' | 'date32' | 'timestamp[ns]' | 'timestamp[ns, UTC]' | 'utf8'

/** All that the connector knows of one PostgreSQL type. */
export interface PgType {
  /** `pg_type.typname` */
  readonly name: string
  /** What discover says of a column of this type. */
  readonly jsonSchema: JsonObject
  readonly arrow: ArrowTypeName
  /** For numeric(p,s): `s` digits of `p` are behind the point; negative scales round before it. */
  readonly decimal?: { readonly precision: number; readonly scale: number }
  /** Whether SQL orders its values and `>` means later: whether it can be a cursor. */
  readonly isCursor: boolean
  /** The text that the type's output function gives → JSON. */
  readonly writeText: ValueWriter
  /** The bytes that the type's send function gives → JSON. Absent: the SELECT list asks for text. */
  readonly writeBinary?: ValueWriter
}
