import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { JsonNumber } from '../../json/json.ts'
import { isExactNumber } from '../../json/exact-json.ts'
import { literal } from '../../sql.ts'
import type { CursorValue } from '../../state/stream-state.ts'
import { NULLED, type PgType, type ValueWriter } from '../../types/pg-type.ts'

const scratch = new ByteBuffer(256)
const MAJOR_WITH_NUMERIC_INFINITY = 14
/** Not among them: 1.0 and 1.00, 0 and -0, padded strings, collations that find different strings equal. */
const ONE_FORM_TYPES: ReadonlySet<string> = new Set([
  'bool',
  'int2',
  'int4',
  'int8',
  'oid',
  'uuid',
  'bytea',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
])

/**
 * A value in the form that COPY gives it → as a record would show it; null if JSON cannot (infinity, NaN). A number of
 * more digits than a double keeps is a string: states pass through programs that read numbers as doubles.
 */
export function cursorValueOfCopy(
  { writeBinary, writeText }: PgType,
  bytes: Buffer,
): CursorValue | null {
  return jsonValue(writeBinary ?? writeText, bytes)
}

/** A value as the server's text → as a record would show it; what JSON cannot hold stays that text. */
export function cursorValueOfText({ writeText }: PgType, text: string): CursorValue {
  return jsonValue(writeText, Buffer.from(text)) ?? text
}

/**
 * SQL for the first value above all that a cursor can pass: behind an infinity or NaN nothing new would ever be seen, so
 * they are no marks. Null: the type has no such values.
 */
export function topOf({ name }: PgType, major: number): string | null {
  switch (name) {
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return "'infinity'"
    case 'float4':
    case 'float8':
      return "'Infinity'"
    case 'numeric':
      return major >= MAJOR_WITH_NUMERIC_INFINITY ? "'Infinity'" : "'NaN'"
    default:
      return null
  }
}

/** Whether rows with equal values have equal bytes, so that counting the latter counts the former. */
export function hasOneFormPerValue({ name }: PgType): boolean {
  return ONE_FORM_TYPES.has(name)
}

/** A saved value as SQL. It has no type of its own, so it takes that of the column it is compared with. */
export function cursorLiteral(value: CursorValue): string {
  return literal(String(value))
}

function jsonValue(write: ValueWriter, bytes: Buffer): CursorValue | null {
  scratch.length = 0
  if (write(scratch, bytes, 0, bytes.length) === NULLED) return null
  const json = scratch.bytes.toString('utf8', 0, scratch.length)
  const parsed: unknown = JSON.parse(json)
  if (typeof parsed === 'string' || typeof parsed === 'boolean') return parsed
  return isExactNumber(json) ? new JsonNumber(json) : json
}
