import { isUtf8 } from 'node:buffer'
import { EXACT, type PgType, TRUNCATED, type ValueWriter } from './pg-type.ts'
import { writeJsonb } from './bytes.ts'

/**
 * For a database in SQL_ASCII, which may hold any bytes: what is not UTF-8 becomes U+FFFD and is flagged. Writers of
 * binary values are returned as they are.
 */
export function validatingWriter(type: PgType, write: ValueWriter): ValueWriter {
  const isText = type.writeBinary === undefined || write === type.writeText || write === writeJsonb
  return isText ? replaceInvalid(write) : write
}

function replaceInvalid(write: ValueWriter): ValueWriter {
  return (out, bytes, start, end) => {
    if (isUtf8(bytes.subarray(start, end))) return write(out, bytes, start, end)
    const valid = Buffer.from(bytes.toString('utf8', start, end))
    const outcome = write(out, valid, 0, valid.length)
    return outcome === EXACT ? TRUNCATED : outcome
  }
}
