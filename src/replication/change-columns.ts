import { ByteBuffer } from '../bytes/byte-buffer.ts'
import { writeTimestampTz } from '../types/temporal.ts'

/**
 * Values of the `_ab_cdc_` columns for the next rows of a sink. A reader of the log sets them for
 * each change, a snapshot once for all of its rows.
 */
export class ChangeColumns {
  /** `_ab_cdc_lsn`, in two unsigned halves, so that no bigint is created for each row. */
  lsnHigh = 0
  lsnLow = 0
  /** `_ab_cdc_updated_at`, and `_ab_cdc_deleted_at` of a deleted row. */
  updatedAt = ''
  isDeleted = false

  setLsn(lsn: bigint): void {
    this.lsnHigh = Number(lsn >> 32n)
    this.lsnLow = Number(lsn & 0xffff_ffffn)
  }
}

/** Microseconds since 2000-01-01 UTC → `2025-11-01T12:26:40.000000Z`. */
export function changeTime(micros: bigint): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(micros)
  const out = new ByteBuffer(64)
  writeTimestampTz(out, bytes, 0, bytes.length)
  return String(JSON.parse(out.bytes.toString('latin1', 0, out.length)))
}
