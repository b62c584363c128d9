import { ByteBuffer } from '../bytes/byte-buffer.ts'
import type { Outcome, ValueWriter } from '../types/pg-type.ts'

const BEFORE = Buffer.from('1"{,')
const BEHIND = Buffer.from('9,}"=>')

/**
 * Returns the output of `write` for a value between other bytes, appended to existing output.
 * @param value its text, or the bytes of its binary form.
 */
export function written(
  write: ValueWriter,
  value: string | Buffer,
): { json: string; outcome: Outcome } {
  const body = Buffer.from(value)
  const bytes = Buffer.concat([BEFORE, body, BEHIND])
  const out = new ByteBuffer(4)
  out.latin1('out:')
  const outcome = write(out, bytes, BEFORE.length, BEFORE.length + body.length)
  const text = out.bytes.toString('utf8', 0, out.length)
  if (!text.startsWith('out:')) throw new Error(`The output before it is gone: ${text}`)
  return { json: text.slice(4), outcome }
}
