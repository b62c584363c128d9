import { ByteBuffer } from '../../bytes/byte-buffer.ts'
import { JsonNumber } from '../../json/json.ts'
import { isExactNumber } from '../../json/exact-json.ts'
import type { CursorValue } from '../../state/stream-state.ts'
import { NULLED, type PgType, type ValueWriter } from '../../types/pg-type.ts'

const scratch = new ByteBuffer(256)

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

function jsonValue(write: ValueWriter, bytes: Buffer): CursorValue | null {
  scratch.reset()
  if (write(scratch, bytes, 0, bytes.length) === NULLED) return null
  const json = scratch.bytes.toString('utf8', 0, scratch.length)
  const parsed: unknown = JSON.parse(json)
  if (typeof parsed === 'string' || typeof parsed === 'boolean') return parsed
  return isExactNumber(json) ? new JsonNumber(json) : json
}
