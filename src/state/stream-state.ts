import { JsonNumber, type JsonObject } from '../json/json.ts'
import type { Horizon } from './horizon.ts'
import { buildScan, type ScanPosition } from './scan-position.ts'

/** A cursor value as in records: a number with all its digits, a string, or a boolean. */
export type CursorValue = string | boolean | JsonNumber

/** Value of the cursor at a time of the server's clock. */
export interface HighWaterMark {
  readonly value: CursorValue
  readonly atMs: number
}

/** Position of an incremental read by a cursor. */
export interface CursorProgress {
  readonly field: string
  readonly value: CursorValue
  /** Number of delivered rows with exactly this value; null: unknown. */
  readonly recordCount: number | null
  /** Earlier marks, the oldest first. */
  readonly marks: readonly HighWaterMark[]
}

/** Saved state of a stream, from a state of any version. */
export interface StreamState {
  /** How the stream resumes: from a page, the cursor, or xmin. */
  readonly type: 'ctid' | 'cursor' | 'xmin'
  /** Position of the scan of a `ctid` state; null: the scan is complete. */
  readonly scan: ScanPosition | null
  readonly cursor: CursorProgress | null
  /** Rows of transactions below it, and of those that it lists, have been delivered. */
  readonly horizon: Horizon | null
  /** For the xmin method: rows of transactions below this 64-bit id have been delivered. */
  readonly xmin: bigint | null
  /** Filenode of the relation when the state of a cursor was saved; null: unknown. */
  readonly filenode: number | null
  /** Oid of the table when the state was saved; null: unknown, or the relation stores no rows. */
  readonly oid: number | null
}

/**
 * Builds a `stream_state` of the official connector's version 3, which ignores the additional keys.
 */
export function buildStreamState(state: StreamState): JsonObject {
  const { type, scan, cursor, horizon, xmin, filenode, oid } = state
  return {
    version: 3,
    state_type: `${type}_based`,
    stream_name: '',
    stream_namespace: '',
    cursors: cursor === null ? {} : { [cursor.field]: cursor.value },
    ...(oid !== null && { relation_oid: oid }),
    ...(filenode !== null && { relation_filenode: filenode }),
    ...(scan !== null && buildScan(scan)),
    ...(cursor !== null &&
      cursor.recordCount !== null && { cursor_record_count: cursor.recordCount }),
    ...(cursor !== null && cursor.marks.length > 0 && { marks: cursor.marks.map(buildMark) }),
    ...(horizon !== null && { horizon: buildHorizon(horizon) }),
    ...(xmin !== null && { xmin: new JsonNumber(`${xmin}`) }),
  }
}

function buildHorizon({ xmin, xids, atMs }: Horizon): JsonObject {
  return { xmin: `${xmin}`, xids, at: atMs }
}

function buildMark({ value, atMs }: HighWaterMark): JsonObject {
  return { value, at: atMs }
}
