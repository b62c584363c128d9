import type { ColumnCode } from '../../../accelerator/column-program.ts'
import { QUOTE } from '../../../bytes/ascii.ts'
import { ByteBuffer } from '../../../bytes/byte-buffer.ts'
import { viewOf } from '../../../bytes/byte-view.ts'
import {
  putUuid,
  UUID_BYTES,
  UUID_CHARACTERS,
  writeJsonb,
  writeUuid,
} from '../../../types/bytes.ts'
import { expectBytes } from '../../../types/numbers.ts'
import { EXACT, NULLED, type Outcome, TRUNCATED, type ValueWriter } from '../../../types/pg-type.ts'
import { writeString } from '../../../types/text.ts'
import { appendText } from './append-text.ts'
import { unescapeJson } from './unescape-json.ts'

const json = new ByteBuffer(4096)

/**
 * Returns a writer of the text of values that `write` writes as JSON: a string without its quotes,
 * other JSON unchanged.
 */
export function textWriter(write: ValueWriter): ValueWriter {
  if (write === writeString) return appendString
  if (write === writeJsonb)
    return (out, bytes, start, end) => appendString(out, bytes, start + 1, end)
  if (write === writeUuid) return appendUuid
  return (out, bytes, start, end) => appendWritten(out, write, { bytes, start, end })
}

/**
 * The WebAssembly module copies strings, and removes the quotes of other values after writing them
 * as JSON.
 */
export function textCode(write: ValueWriter): ColumnCode {
  const code = { width: 0, write: textWriter(write) }
  const { op } = write
  if (op === undefined) return { ...code, op: 'Callback' }
  return op === 'Text' || op === 'Jsonb' ? { ...code, op } : { ...code, op: 'Written', written: op }
}

const appendString: ValueWriter = (out, bytes, start, end) =>
  appendText(out, bytes, start, end) ? EXACT : TRUNCATED

const appendUuid: ValueWriter = (out, bytes, start, end) => {
  expectBytes(end - start, UUID_BYTES)
  out.reserve(UUID_CHARACTERS)
  putUuid(out.view, out.length, viewOf(bytes), start)
  out.length += UUID_CHARACTERS
  return EXACT
}

function appendWritten(
  out: ByteBuffer,
  write: ValueWriter,
  { bytes, start, end }: { readonly bytes: Buffer; readonly start: number; readonly end: number },
): Outcome {
  json.reset()
  const outcome = write(json, bytes, start, end)
  if (outcome === NULLED) return NULLED
  if (json.bytes[0] === QUOTE) unescapeJson(out, json.bytes, 1, json.length - 1)
  else out.copy(json.bytes, 0, json.length)
  return outcome
}
