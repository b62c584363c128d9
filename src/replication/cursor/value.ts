import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { JsonNumber } from '../../json/json.ts'
import { isExactNumber } from '../../json/exact-json.ts'
import type { CursorValue } from '../../state/stream-state.ts'
import { NULLED, type PgType, type ValueWriter } from '../../types/pg-type.ts'

const scratch = new ByteBuffer(256)

/**
 * Converts a value in the form of COPY to that of a record; null if JSON cannot represent it
 * (infinity, NaN). A number with more digits than a double keeps is a string, because states pass
 * through programs that read numbers as doubles.
 */
export function cursorValueOfCopy(
  { writeBinary, writeText }: PgType,
  bytes: Buffer,
): CursorValue | null {
  return jsonValue(writeBinary ?? writeText, bytes)
}

/**
 * Converts the server's text of a value to that of a record. A value that JSON cannot represent
 * stays text.
 */
export function cursorValueOfText({ writeText }: PgType, text: string): CursorValue {
  return jsonValue(writeText, Buffer.from(text)) ?? text
}

function jsonValue(write: ValueWriter, bytes: Buffer): CursorValue | null {
  scratch.reset()
  if (write(scratch, bytes, 0, bytes.length) === NULLED) return null
  const json = scratch.bytes.toString('utf8', 0, scratch.length)
  const parsed: unknown = JSON.parse(json)
  if (typeof parsed === 'string' || typeof parsed === 'boolean') return parsed
  return isExactNumber(json) ? new JsonNumber(json) : json
}
