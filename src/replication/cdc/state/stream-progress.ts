import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '../../../json/json.ts'
import type { StreamDescriptor } from '../../../protocol/messages.ts'
import { buildScan, parseScan, type ScanPosition } from '../../../state/scan-position.ts'
import { integerOf } from './offset.ts'

/** What the pages of a stream's snapshot showed. */
export interface SnapshotView {
  /** `pg_current_snapshot()` of the oldest snapshot in which a page was read. */
  readonly text: string
  /** `_ab_cdc_lsn` of its rows: below every change that they do not show. */
  readonly rowLsn: bigint
  /**
   * End of the log after the snapshot was taken: the snapshot shows no transaction that commits
   * after it.
   */
  readonly endLsn: bigint
  /** Whether the changes that they show are delivered, too. */
  readonly isRepeated?: true
}

/** Progress of a stream; null: it has not started. */
export type StreamProgress =
  | {
      readonly type: 'SNAPSHOT'
      /** Everything before it has been read. */
      readonly scan: ScanPosition
      /** Null: unknown; then every change from the position on is delivered. */
      readonly view: SnapshotView | null
    }
  | {
      readonly type: 'LOG'
      /** Null: unknown, or the position has passed it. */
      readonly view: SnapshotView | null
    }

/** The relation from which a stream is read. */
export interface StreamSource {
  /** Oid of the relation; null: unknown. */
  readonly relation: number | null
  /**
   * Oids of the entries by which the publication covers it; empty: unknown, or it is FOR ALL
   * TABLES.
   */
  readonly publicationEntries: readonly number[]
}

/** Keys of a `StreamSource`. The official connector ignores them and does not write them. */
const RELATION_KEY = 'relation_oid'
const ENTRIES_KEY = 'publication_entries'
/**
 * Maximum number of stored entries. A table published by its partitions has many; the oldest ones
 * are removed with them.
 */
const MAX_ENTRIES = 8

/** Cursor name in the official state of a complete stream. */
const LSN_FIELD = '_ab_cdc_lsn'

/**
 * Parses the `stream_state` of a CDC stream, of both generations of the official connector or of
 * this one. A malformed state counts as none: the snapshot is read again, and no row is lost.
 */
export function parseProgress(raw: JsonObject | null): StreamProgress | null {
  if (raw === null || Object.keys(raw).length === 0) return null
  const { state_type: type, ctid } = raw
  const view = parseView(raw)
  if (type === 'ctid' || (type === 'ctid_based' && ctid !== undefined && ctid !== null)) {
    const scan = parseScan(raw)
    return scan === null ? null : { type: 'SNAPSHOT', scan, view }
  }
  const isFinished =
    type === 'ctid_based' || (type === undefined && isLogCursor(raw['cursor_field']))
  return isFinished ? { type: 'LOG', view } : null
}

/** Reads the source of the stream from a `stream_state`. */
export function parseSource(raw: JsonObject | null): StreamSource {
  const oid = raw === null ? null : integerOf(raw[RELATION_KEY])
  const entries = raw?.[ENTRIES_KEY]
  return {
    relation: oid === null ? null : Number(oid),
    publicationEntries: Array.isArray(entries)
      ? entries.flatMap((entry) => integerOf(entry) ?? []).map(Number)
      : [],
  }
}

/**
 * Builds the `stream_state` of a CDC stream. While the snapshot is being read, it has version 2:
 * the official connector of that generation would treat version 3 as a complete snapshot, and the
 * later one reads both.
 */
export function buildProgress(
  descriptor: StreamDescriptor,
  progress: StreamProgress,
  { relation, publicationEntries: entries }: StreamSource,
): JsonObject {
  const own = {
    [RELATION_KEY]: relation,
    ...(entries.length > 0 && { [ENTRIES_KEY]: entries.slice(0, MAX_ENTRIES) }),
    ...(progress.view !== null && buildView(progress.view)),
  }
  if (progress.type === 'SNAPSHOT') {
    return {
      version: 2,
      state_type: 'ctid',
      ...buildScan(progress.scan),
      incremental_state: {},
      ...own,
    }
  }
  return {
    version: 3,
    state_type: 'ctid_based',
    stream_name: descriptor.name,
    stream_namespace: descriptor.namespace ?? '',
    cursors: {},
    cursor_field: [],
    ...own,
  }
}

function isLogCursor(raw: JsonValue | undefined): boolean {
  if (raw === undefined) return true
  return Array.isArray(raw) && raw.every((name) => name === LSN_FIELD)
}

function buildView({ text, rowLsn, endLsn, isRepeated }: SnapshotView): JsonObject {
  const lsns = { row_lsn: new JsonNumber(`${rowLsn}`), end_lsn: new JsonNumber(`${endLsn}`) }
  return { snapshot: { text, ...lsns, ...(isRepeated && { is_repeated: true }) } }
}

function parseView({ snapshot }: JsonObject): SnapshotView | null {
  if (!isJsonObject(snapshot)) return null
  const { text } = snapshot
  const rowLsn = integerOf(snapshot['row_lsn'])
  const endLsn = integerOf(snapshot['end_lsn'])
  if (typeof text !== 'string' || rowLsn === null || endLsn === null) return null
  return { text, rowLsn, endLsn, ...(snapshot['is_repeated'] === true && { isRepeated: true }) }
}
