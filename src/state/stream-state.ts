import { JsonNumber, type JsonObject } from '../json/json.ts'
import type { Horizon } from './horizon.ts'
import { buildScan, type ScanPosition } from './scan-position.ts'

/** A cursor value as records show it: a number with its digits, a string, or a boolean. */
export type CursorValue = string | boolean | JsonNumber

/** How far the cursor was at a time of the server's clock. */
export interface HighWaterMark {
  readonly value: CursorValue
  readonly atMs: number
}

/** How far an incremental read by a cursor has got. */
export interface CursorProgress {
  readonly field: string
  readonly value: CursorValue
  /** Rows with just this value that have been delivered; null: not known. */
  readonly recordCount: number | null
  /** Earlier marks, oldest first. */
  readonly marks: readonly HighWaterMark[]
}

/** What a stream has delivered, from a state of any version. */
export interface StreamState {
  /** By which column of the state the stream resumes: pages, the cursor, or xmin. */
  readonly type: 'ctid' | 'cursor' | 'xmin'
  /** Where the scan of a `ctid` state stands; null: it is complete. */
  readonly scan: ScanPosition | null
  readonly cursor: CursorProgress | null
  /** Rows of transactions below it, and of those it lists, have been delivered. */
  readonly horizon: Horizon | null
  /** For the xmin method: the 64-bit id below which everything has been delivered. */
  readonly xmin: bigint | null
  /** The file that the state of a cursor is about; null: not known. */
  readonly filenode: number | null
}

/** A `stream_state` of the official connector's version 3; the additional keys are ignored by it. */
export function buildStreamState(state: StreamState): JsonObject {
  const { type, scan, cursor, horizon, xmin, filenode } = state
  return {
    version: 3,
    state_type: `${type}_based`,
    stream_name: '',
    stream_namespace: '',
    cursors: cursor === null ? {} : { [cursor.field]: cursor.value },
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
