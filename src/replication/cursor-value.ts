import { ByteBuffer } from '../protocol/byte-buffer.ts'
import { JsonNumber } from '../protocol/messages.ts'
import { literal } from '../sql.ts'
import type { CursorValue } from '../state/stream-state.ts'
import { NULLED, type PgType, type ValueWriter } from '../types/pg-type.ts'

const scratch = new ByteBuffer(256)

/** A value in the form that COPY gives it → as a record would show it; null if JSON cannot (infinity, NaN). */
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

/** A saved value as SQL. It has no type of its own, so it takes that of the column it is compared with. */
export function cursorLiteral(value: CursorValue): string {
  return literal(String(value))
}

function jsonValue(write: ValueWriter, bytes: Buffer): CursorValue | null {
  scratch.length = 0
  if (write(scratch, bytes, 0, bytes.length) === NULLED) return null
  const json = scratch.bytes.toString('utf8', 0, scratch.length)
  if (json === 'true' || json === 'false') return json === 'true'
  return json.startsWith('"') ? (JSON.parse(json) as string) : new JsonNumber(json)
}
