import type { JsonObject, JsonValue } from '../json/json.ts'

/**
 * Address of a row version: block number and index within the block. Index 0 is before the first
 * row.
 */
export interface Tid {
  readonly page: number
  readonly tuple: number
}

/**
 * Position of a scan: all leaves before `leaf`, and all rows up to and including this tid, have
 * been read.
 */
export interface ScanPosition extends Tid {
  /** `pg_relation_filenode`. If it has changed, the rows have moved. */
  readonly filenode: number
  /** The partition, `"schema"."name"`; null for a relation without partitions. */
  readonly leaf: string | null
}

const TID = /^\((\d{1,10}),(\d{1,5})\)$/
const MAX_PAGE = 2 ** 32 - 1
const MAX_TUPLE = 2 ** 16 - 1
const MAX_OID = 2 ** 32 - 1

/** Text form of a tid. */
export function tidText({ page, tuple }: Tid): string {
  return `(${page},${tuple})`
}

/** The keys of a position in a `stream_state`. */
export function buildScan({ page, tuple, filenode, leaf }: ScanPosition): JsonObject {
  return {
    ctid: tidText({ page, tuple }),
    relation_filenode: filenode,
    ...(leaf !== null && { leaf }),
  }
}

/**
 * Parses the position in a `stream_state` of both generations of the official connector or of this
 * one: in all of them, the row at `ctid` has been delivered. Null if there is no position or if it
 * is malformed.
 */
export function parseScan({ ctid, relation_filenode, leaf }: JsonObject): ScanPosition | null {
  const [, page, tuple] = typeof ctid === 'string' ? (TID.exec(ctid) ?? []) : []
  const tid = { page: Number(page), tuple: Number(tuple) }
  const filenode = parseOid(relation_filenode)
  const isTid = tid.page <= MAX_PAGE && tid.tuple <= MAX_TUPLE
  if (!isTid || filenode === null) return null
  return { ...tid, filenode, leaf: typeof leaf === 'string' ? leaf : null }
}

/** Parses a `relation_filenode` or a `relation_oid`; null: malformed. */
export function parseOid(raw: JsonValue | undefined): number | null {
  const isOid = typeof raw === 'number' && Number.isInteger(raw) && raw > 0 && raw <= MAX_OID
  return isOid ? raw : null
}
