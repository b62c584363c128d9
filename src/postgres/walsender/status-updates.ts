/**
 * https://www.postgresql.org/docs/current/protocol-replication.html (Standby status update), as
 * CopyData
 */
const COPY_DATA = 0x64 /* d */
const STATUS_UPDATE = 0x72 /* r */
const MESSAGE_BYTES = 39
const EPOCH_MS = Date.UTC(2000, 0, 1)
const MAX_INTERVAL_MS = 10_000

/** Interval of status updates. @param timeoutMs `wal_sender_timeout`; 0: none. */
export function statusIntervalMs(timeoutMs: number): number {
  return timeoutMs === 0 ? MAX_INTERVAL_MS : Math.min(MAX_INTERVAL_MS, timeoutMs / 3)
}

export interface Status {
  /** Position up to which the log was received; it has no effect on the server. */
  readonly received: bigint
  /** Position up to which the server may remove the log. */
  readonly flushed: bigint
  readonly isReplyRequested: boolean
}

/** Builds a status update with its CopyData frame. */
export function statusUpdate(status: Status, nowMs: number): Buffer {
  const { received, flushed, isReplyRequested } = status
  const bytes = Buffer.alloc(MESSAGE_BYTES)
  bytes[0] = COPY_DATA
  bytes.writeInt32BE(MESSAGE_BYTES - 1, 1)
  bytes[5] = STATUS_UPDATE
  bytes.writeBigUInt64BE(received, 6)
  bytes.writeBigUInt64BE(flushed, 14)
  bytes.writeBigUInt64BE(flushed, 22)
  bytes.writeBigInt64BE(BigInt(Math.round(nowMs) - EPOCH_MS) * 1000n, 30)
  bytes[38] = isReplyRequested ? 1 : 0
  return bytes
}
