import { isDeepStrictEqual } from 'node:util'
import { QUOTE } from '../../../../bytes/ascii.ts'
import { ByteBuffer } from '../../../../bytes/byte-buffer.ts'
import {
  EXACT,
  logForms,
  NULLED,
  type PgType,
  type ValueWriter,
} from '../../../../types/pg-type.ts'
import { writeNulled } from '../../../../types/text.ts'
import { BOOLEAN, INTEGER, NUMBER, STRING } from '../../../../types/type-entry.ts'

const WHOLE_NUMBER = /^"?(-?(?:0|[1-9]\d*))(?:\.0+)?"?$/
const DECIMAL_NUMBER = /^"?(-?(?:0|[1-9]\d*)(?:\.\d+)?)"?$/

/**
 * Returns a type that writes values of a column's earlier type as values of its current type. Null:
 * the result of `ALTER TYPE` does not follow from the value.
 */
export function alteredType(then: PgType, now: PgType): PgType | null {
  const isNumber = isOf(then, INTEGER) || isOf(then, NUMBER)
  if (isNumber && isOf(now, NUMBER)) return then
  if (isOf(now, STRING) && (isNumber || isOf(then, BOOLEAN))) return withWriters(then, quoted)
  // An array has a different writer, and so do texts of which a part is replaced
  const isSameText = logForms(then).writeText === logForms(now).writeText
  return isSameText && isDeepStrictEqual(then.jsonSchema, now.jsonSchema) ? then : null
}

/**
 * The same for a column of a key, without which a record cannot be used: a number in another form
 * is converted, and other values are written unchanged.
 */
export function alteredKey(then: PgType, now: PgType): PgType {
  const pattern = isOf(now, INTEGER) ? WHOLE_NUMBER : isOf(now, NUMBER) ? DECIMAL_NUMBER : null
  const altered = alteredType(then, now)
  if (altered !== null || pattern === null) return altered ?? then
  return withWriters(then, (write) => asNumber(write, pattern))
}

function isOf({ jsonSchema }: PgType, schema: PgType['jsonSchema']): boolean {
  return isDeepStrictEqual(jsonSchema, schema)
}

function withWriters(type: PgType, change: (write: ValueWriter) => ValueWriter): PgType {
  const { writeText, writeBinary } = logForms(type)
  const log = {
    writeText: change(writeText),
    ...(writeBinary !== undefined && { writeBinary: change(writeBinary) }),
  }
  return { ...type, log }
}

/** Writes the JSON of a value as a JSON string. It needs no escapes. */
function quoted(write: ValueWriter): ValueWriter {
  const json = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    json.reset()
    if (write(json, bytes, start, end) === NULLED) return writeNulled(out)
    const isString = json.bytes[0] === QUOTE // NaN and infinities of a float
    if (!isString) out.byte(QUOTE)
    out.copy(json.bytes, 0, json.length)
    if (!isString) out.byte(QUOTE)
    return EXACT
  }
}

function asNumber(write: ValueWriter, pattern: RegExp): ValueWriter {
  const json = new ByteBuffer(64)
  return (out, bytes, start, end) => {
    json.reset()
    write(json, bytes, start, end)
    const number = pattern.exec(json.bytes.toString('latin1', 0, json.length))?.[1]
    if (number === undefined) return writeNulled(out)
    out.latin1(number)
    return EXACT
  }
}
