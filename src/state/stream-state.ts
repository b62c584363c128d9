import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../json/json.ts'
import type { Horizon } from './horizon.ts'
import { buildScan, parseFilenode, parseScan, type ScanPosition } from './scan-position.ts'

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

/** What a stream has delivered, whatever version of the state said so. */
export interface StreamState {
  /** By which column of the state the stream goes on: pages, the cursor, or xmin. */
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

const STATE_TYPES: Readonly<Record<string, StreamState['type']>> = {
  ctid: 'ctid',
  ctid_based: 'ctid',
  cursor_based: 'cursor',
  xmin: 'xmin',
  xmin_based: 'xmin',
}
const XID_BITS = 32n

/** A `stream_state` of the official connector's version 3; what it does not know is in keys that it ignores. */
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

/** Reads versions 3, 2 and those before versions had numbers; null if it is none of them. */
export function parseStreamState(raw: JsonObject): StreamState | null {
  const isBare = raw['version'] === undefined && raw['cursor_field'] !== undefined
  const { state_type: name } = raw
  const type = isBare ? 'cursor' : typeof name === 'string' ? STATE_TYPES[name] : undefined
  if (type === undefined) return null
  const { ctid } = raw
  const scan = parseScan(raw)
  if (ctid !== undefined && ctid !== null && scan === null) return null
  const nested = asObject(raw['incremental_state']) ?? raw
  if (!hasAtMostOneCursor(nested)) return null
  // The file of a leaf says nothing of the relation, which has none
  const hasLeaf = scan !== null && scan.leaf !== null
  return {
    type,
    scan,
    cursor: parseCursor(nested),
    horizon: parseHorizon(raw['horizon']),
    xmin: parseXmin(nested),
    filenode: hasLeaf ? null : parseFilenode(raw['relation_filenode']),
  }
}

function buildHorizon({ xmin, xids, atMs }: Horizon): JsonObject {
  return { xmin: `${xmin}`, xids, at: atMs }
}

function buildMark({ value, atMs }: HighWaterMark): JsonObject {
  return { value, at: atMs }
}

/** Whether the cursors are a map with one value or none; anything else is not understood. */
function hasAtMostOneCursor({ cursors, cursor }: JsonObject): boolean {
  if (!isScalar(cursor)) return false
  if (cursors === undefined || cursors === null) return true
  const values = isJsonObject(cursors) ? Object.values(cursors) : null
  return values !== null && values.length <= 1 && values.every(isScalar)
}

function isScalar(value: JsonValue | undefined): boolean {
  return typeof value !== 'object' || value === null || value instanceof JsonNumber
}

function parseCursor(raw: JsonObject): CursorProgress | null {
  const [named] = Object.entries(asObject(raw['cursors']) ?? {})
  const { cursor_field: path } = raw
  const old = Array.isArray(path) ? ([path[0], raw['cursor']] as const) : undefined
  const [field, rawValue] = named ?? old ?? []
  const value = parseValue(rawValue)
  if (typeof field !== 'string' || value === null) return null
  const { cursor_record_count: count, marks } = raw
  return {
    field,
    value,
    recordCount: typeof count === 'number' ? count : null,
    marks: Array.isArray(marks) ? marks.flatMap(parseMark) : [],
  }
}

function parseMark(raw: JsonValue): HighWaterMark[] {
  const mark = asObject(raw)
  const value = parseValue(mark?.['value'])
  const atMs = mark?.['at']
  return value === null || typeof atMs !== 'number' ? [] : [{ value, atMs }]
}

/** A blank cursor is none. */
function parseValue(raw: JsonValue | undefined): CursorValue | null {
  if (typeof raw === 'number') return new JsonNumber(`${raw}`)
  if (typeof raw === 'boolean' || raw instanceof JsonNumber) return raw
  return typeof raw === 'string' && raw !== '' ? raw : null
}

function parseHorizon(raw: JsonValue | undefined): Horizon | null {
  const horizon = asObject(raw)
  const xmin = parseXid(horizon?.['xmin'])
  const xids = horizon?.['xids']
  const atMs = horizon?.['at']
  if (xmin === null || typeof atMs !== 'number') return null
  return { xmin, xids: Array.isArray(xids) ? xids.map(String) : [], atMs }
}

/** `xmin` of version 3, or the 64 bits of version 2: epoch and 32-bit xid. */
function parseXmin(raw: JsonObject): bigint | null {
  const xid = parseXid(raw['xmin_xid_value'])
  if (xid === null) return parseXid(raw['xmin'])
  return ((parseXid(raw['num_wraparound']) ?? 0n) << XID_BITS) | xid
}

function parseXid(raw: JsonValue | undefined): bigint | null {
  const isNumber = typeof raw === 'number' || raw instanceof JsonNumber
  const text = isNumber ? raw.toString() : raw
  return typeof text === 'string' && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}

function asObject(raw: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(raw) ? raw : undefined
}
