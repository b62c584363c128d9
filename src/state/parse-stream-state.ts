import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../json/json.ts'
import type { Horizon } from './horizon.ts'
import { parseOid, parseScan } from './scan-position.ts'
import type { CursorProgress, CursorValue, HighWaterMark, StreamState } from './stream-state.ts'

/** A key has a value that is not valid in any version of the state. */
class MalformedStateError extends Error {}

const STATE_TYPES: ReadonlyMap<unknown, StreamState['type']> = new Map([
  ['ctid', 'ctid'],
  ['ctid_based', 'ctid'],
  ['cursor_based', 'cursor'],
  ['xmin', 'xmin'],
  ['xmin_based', 'xmin'],
])
const VERSIONS: ReadonlySet<unknown> = new Set([undefined, null, 2, 3])
const XID_BITS = 32n
const MAX_XID = 2n ** XID_BITS - 1n
const MAX_FULL_XID = 2n ** 64n - 1n

/**
 * Reads versions 3, 2 and those without a version number. Null if it has another version, or if a
 * required key has an invalid value: the sync must not resume from a part of a state.
 */
export function parseStreamState(raw: JsonObject): StreamState | null {
  try {
    return parseKeys(raw)
  } catch (error) {
    if (error instanceof MalformedStateError) return null
    throw error
  }
}

function parseKeys(raw: JsonObject): StreamState {
  const isBare = raw['version'] === undefined && raw['cursor_field'] !== undefined
  const type = isBare ? 'cursor' : STATE_TYPES.get(raw['state_type'])
  if (type === undefined || !VERSIONS.has(raw['version'])) throw new MalformedStateError()
  const scan = optional(raw['ctid'], () => parseScan(raw))
  const nested = optional(raw['incremental_state'], asObject) ?? raw
  // The filenode of a leaf is not that of the relation, which has none
  const hasLeaf = scan !== null && scan.leaf !== null
  return {
    type,
    scan,
    cursor: parseCursor(nested, raw),
    horizon: optional(raw['horizon'], parseHorizon),
    xmin: parseXmin(nested),
    filenode: hasLeaf ? null : optional(raw['relation_filenode'], parseOid),
    oid: optional(raw['relation_oid'], parseOid),
  }
}

/**
 * Reads the cursor from the nested state of version 2, which does not have the additional keys of
 * this connector.
 */
function parseCursor(nested: JsonObject, raw: JsonObject): CursorProgress | null {
  const [field, rawValue] = cursorOf(nested)
  const value = optional(rawValue, parseValue)
  const recordCount = optional(nested['cursor_record_count'], parseCount)
  const marks = optional(raw['marks'], parseMarks) ?? []
  return field === null || value === null ? null : { field, value, recordCount, marks }
}

/**
 * Name and value of the only cursor: `cursors` of version 3, or two keys of earlier versions, where
 * an empty value means no cursor.
 */
function cursorOf({
  cursors,
  cursor_field: path,
  cursor,
}: JsonObject): [string | null, JsonValue | undefined] {
  const entries = Object.entries(optional(cursors, asObject) ?? {})
  if (entries.length > 1) throw new MalformedStateError()
  if (entries[0] !== undefined) return entries[0]
  const [name] = optional(path, asList) ?? []
  return [optional(name, asText), cursor === '' ? null : cursor]
}

function parseMarks(raw: JsonValue): readonly HighWaterMark[] | null {
  return (
    asList(raw)?.map((each) => {
      const mark = asObject(each)
      return {
        value: required(mark?.['value'], parseValue),
        atMs: required(mark?.['at'], parseCount),
      }
    }) ?? null
  )
}

function parseHorizon(raw: JsonValue): Horizon | null {
  const horizon = asObject(raw)
  if (horizon === null) return null
  const xids = optional(horizon['xids'], asList) ?? []
  return {
    xmin: required(horizon['xmin'], parseFullXid),
    xids: xids.map((xid) => String(required(xid, parseXid))),
    atMs: required(horizon['at'], parseCount),
  }
}

/** Reads `xmin` of version 3, or the 64 bits of version 2: epoch and 32-bit xid. */
function parseXmin(raw: JsonObject): bigint | null {
  const xid = optional(raw['xmin_xid_value'], parseXid)
  if (xid === null) return optional(raw['xmin'], parseFullXid)
  return ((optional(raw['num_wraparound'], parseXid) ?? 0n) << XID_BITS) | xid
}

function parseValue(raw: JsonValue): CursorValue | null {
  if (typeof raw === 'number') return new JsonNumber(`${raw}`)
  const isValue = typeof raw === 'boolean' || typeof raw === 'string' || raw instanceof JsonNumber
  return isValue ? raw : null
}

function parseFullXid(raw: JsonValue): bigint | null {
  const isNumber = typeof raw === 'number' || raw instanceof JsonNumber
  const text = isNumber ? raw.toString() : raw
  const isDigits = typeof text === 'string' && /^\d{1,20}$/.test(text)
  return isDigits && BigInt(text) <= MAX_FULL_XID ? BigInt(text) : null
}

function parseXid(raw: JsonValue): bigint | null {
  const xid = parseFullXid(raw)
  return xid !== null && xid <= MAX_XID ? xid : null
}

function parseCount(raw: JsonValue): number | null {
  return typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0 ? raw : null
}

function asText(raw: JsonValue): string | null {
  return typeof raw === 'string' ? raw : null
}

function asList(raw: JsonValue): readonly JsonValue[] | null {
  return Array.isArray(raw) ? raw : null
}

function asObject(raw: JsonValue | undefined): JsonObject | null {
  return isJsonObject(raw) ? raw : null
}

/**
 * Returns null if the key is absent or null. @throws MalformedStateError if `parse` rejects the
 * value.
 */
function optional<Value>(
  raw: JsonValue | undefined,
  parse: (raw: JsonValue) => Value | null,
): Value | null {
  return raw === undefined || raw === null ? null : required(raw, parse)
}

function required<Value>(
  raw: JsonValue | undefined,
  parse: (raw: JsonValue) => Value | null,
): Value {
  const value = raw === undefined || raw === null ? null : parse(raw)
  if (value === null) throw new MalformedStateError()
  return value
}
