import { ConnectorError } from '../../../errors.ts'
import { quoteInexactNumbers } from '../../../json/exact-json.ts'
import { isJsonObject, JsonNumber, type JsonObject, stringifyExact } from '../../../json/json.ts'

/**
 * Position in the log up to which everything has been delivered, in Debezium's format. For the
 * server, the positions `lsn` and `lsn` + 1 are equivalent: both are below the start of every
 * commit record that is not delivered yet.
 */
export interface Offset {
  /**
   * Name of the entry, as JSON text. A given name is kept unchanged, because Debezium looks up the
   * offset by it.
   */
  readonly key: string
  readonly lsn: bigint
  /** 32-bit id of the transaction that ends there; null: none yet. */
  readonly xid: number | null
  /** Its commit time in microseconds since 1970. */
  readonly commitUs: bigint | null
  /**
   * `system_identifier` of the cluster; null: unknown, because the official connector wrote the
   * state.
   */
  readonly systemId: string | null
  /** Timeline of the server's log; null: unknown. */
  readonly timeline: number | null
  /** `pg_publication.oid`; null: unknown. */
  readonly publicationOid: number | null
  /**
   * Snapshot in which the partitions were looked up last; null: no stream is partitioned, or the
   * state does not contain it.
   */
  readonly catalogSnapshot: string | null
  /** Streams that are no longer selected → position up to which they were delivered. */
  readonly removed: ReadonlyMap<string, bigint>
}

/**
 * Distance below the end of a record. WAL records are 8-byte aligned, so no message has this LSN.
 */
const BEFORE_POSITION = 1n

/**
 * Key of an offset that this connector creates: the name of the engine and the topic prefix of
 * Debezium.
 */
export function offsetKey(database: string): string {
  const prefix = database.replaceAll(/[^\w.-]/g, '_')
  return JSON.stringify([database, { server: prefix }])
}

/**
 * LSN to store for a position: one below it. Debezium treats a message with the stored LSN as
 * processed, and the end of a commit equals the start of the next transaction.
 */
export function storedLsn(position: bigint): bigint {
  return position - BEFORE_POSITION
}

/**
 * Parses `shared_state` of a GLOBAL state; null if it is empty.
 * @throws ConnectorError config_error if it is malformed: an unknown state must not cause a new
 * first sync.
 */
export function parseSharedState(raw: JsonObject): Offset | null {
  if (Object.keys(raw).length === 0) return null
  const entries = isJsonObject(raw['state']) ? Object.entries(raw['state']) : []
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined) throw malformed('has no single offset')
  const [key, text] = entry
  const value = typeof text === 'string' ? parseJson(text) : text
  if (!isJsonObject(value)) throw malformed('has an offset that is not an object')
  const lsn =
    integerOf(value['lsn_commit']) ?? integerOf(value['lsn_proc']) ?? integerOf(value['lsn'])
  if (lsn === null) throw malformed('has an offset without a position')
  const { system_id: systemId, txId } = value
  return {
    key,
    lsn,
    xid: typeof txId === 'number' ? txId : null,
    commitUs: integerOf(value['ts_usec']),
    systemId: typeof systemId === 'string' ? systemId : null,
    timeline: numberOf(value['timeline']),
    publicationOid: numberOf(value['publication_oid']),
    catalogSnapshot: snapshotOf(value['catalog_snapshot']),
    removed: parseRemoved(value['removed_streams']),
  }
}

/**
 * Builds `shared_state` with the keys of Debezium. Values of additional keys are strings, which
 * Debezium ignores.
 */
export function buildSharedState(offset: Offset): JsonObject {
  const { key, lsn, xid, commitUs, systemId, timeline, publicationOid, catalogSnapshot, removed } =
    offset
  const position = new JsonNumber(`${lsn}`)
  const value: JsonObject = {
    transaction_id: null,
    lsn: position,
    lsn_proc: position,
    lsn_commit: position,
    ...(xid !== null && { txId: xid }),
    ...(commitUs !== null && { ts_usec: new JsonNumber(`${commitUs}`) }),
    ...(systemId !== null && { system_id: systemId }),
    ...(timeline !== null && { timeline: `${timeline}` }),
    ...(publicationOid !== null && { publication_oid: `${publicationOid}` }),
    ...(catalogSnapshot !== null && { catalog_snapshot: catalogSnapshot }),
    ...(removed.size > 0 && { removed_streams: buildRemoved(removed) }),
  }
  return { state: { [key]: stringifyExact(value) } }
}

/** Returns null if it is damaged, as if there were none. */
function snapshotOf(raw: unknown): string | null {
  return typeof raw === 'string' && /^\d+:\d+:[\d,]*$/.test(raw) ? raw : null
}

function buildRemoved(removed: Offset['removed']): string {
  return JSON.stringify(Object.fromEntries([...removed].map(([name, lsn]) => [name, `${lsn}`])))
}

function parseRemoved(raw: unknown): ReadonlyMap<string, bigint> {
  const value = typeof raw === 'string' ? parseJson(raw) : null
  if (!isJsonObject(value)) return new Map()
  const entries = Object.entries(value).map(([name, lsn]) => [name, integerOf(lsn)] as const)
  return new Map(entries.flatMap(([name, lsn]) => (lsn === null ? [] : [[name, lsn] as const])))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(quoteInexactNumbers(text))
  } catch {
    return null
  }
}

/** Parses an integer of any size, which may be a string to keep its digits. */
export function integerOf(raw: unknown): bigint | null {
  const text = typeof raw === 'number' || raw instanceof JsonNumber ? raw.toString() : raw
  return typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : null
}

function numberOf(raw: unknown): number | null {
  const integer = integerOf(raw)
  return integer === null ? null : Number(integer)
}

function malformed(what: string): ConnectorError {
  const message = `The saved state is malformed: its shared_state ${what}. Use the last state of an earlier sync, or clear the state to start over.`
  return new ConnectorError('config_error', message)
}
