import { ConnectorError } from '../../errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../json/json.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'

/** Pages of one file of a relation: `[start, end)`, or to the end of the file. */
export interface PageRange {
  /** `"schema"."name"` of a leaf partition; null for a relation without partitions. */
  readonly leaf: string | null
  /** `pg_relation_filenode`. If it has changed, the rows have moved. */
  readonly filenode: number
  readonly start: number
  /** Null: to the end of the file. */
  readonly end: number | null
}

/** The server and the content of an exported snapshot. */
interface ShardSource {
  /** Result of `pg_export_snapshot()`. */
  readonly snapshot: string
  /**
   * `txid_current_snapshot()` of the same transaction. Another server may have a snapshot of the
   * same name.
   */
  readonly visible: string
  /** `pg_control_system().system_identifier` */
  readonly system: string
  readonly database: string
}

/** A part of a stream in one snapshot. All shards of a snapshot together contain each row once. */
export interface Shard extends ShardSource {
  readonly stream: StreamDescriptor
  /** Starts at 0. */
  readonly index: number
  readonly count: number
  /** Null: the whole relation, which has no pages of its own (a view, a foreign table). */
  readonly ranges: readonly PageRange[] | null
}

/** A file to divide. */
export interface PagedFile {
  readonly leaf: string | null
  readonly filenode: number
  readonly pages: number
}

const FORMAT_VERSION = 1
/** Highest page number: a ctid has 32 bits for it. */
const MAX_PAGE = 2 ** 32 - 1
/** Format of the name of a snapshot. */
const SNAPSHOT_NAME = /^[0-9A-F-]+$/
/** `xmin:xmax:xip,…` */
const VISIBLE = /^\d{1,19}:\d{1,19}:(\d{1,19}(,\d{1,19})*)?$/
/** A 64-bit number; `unknown`: the role may not read it. */
const SYSTEM_IDENTIFIER = /^(\d{1,20}|unknown)$/
/** PostgreSQL does not allow U+0000 in text. */
const TEXT = /^[^\0]+$/

/**
 * Divides files into `count` lists of ranges of about equal size, in the order of the files. The
 * last range of a file has no end, so that pages added after its size was read are included. Lists
 * can be empty.
 */
export function divideFiles(files: readonly PagedFile[], count: number): PageRange[][] {
  const shards = Array.from({ length: count }, (): PageRange[] => [])
  const total = files.reduce((sum, { pages }) => sum + Math.max(pages, 1), 0)
  let before = 0
  for (const { leaf, filenode, pages } of files) {
    const size = Math.max(pages, 1)
    for (let start = 0; start < size;) {
      const index = Math.floor(((before + start) * count) / total)
      const boundary = Math.ceil(((index + 1) * total) / count) - before
      const end = boundary < size ? boundary : null
      shards[index]!.push({ leaf, filenode, start, end })
      start = end ?? size
    }
    before += size
  }
  return shards
}

/** Builds the JSON document of a shard. */
export function buildShard({ stream, index, count, ranges, ...source }: Shard): JsonObject {
  return {
    version: FORMAT_VERSION,
    stream: { name: stream.name, namespace: stream.namespace },
    shard: index,
    shards: count,
    server: { system_identifier: source.system, database: source.database },
    snapshot: { name: source.snapshot, visible: source.visible },
    ranges: ranges === null ? null : ranges.map((range) => ({ ...range })),
  }
}

/** Parses the document of a shard. @throws ConnectorError config_error with the invalid key. */
export function parseShard(raw: unknown): Shard {
  if (!isJsonObject(raw)) throw malformed('is not a JSON object')
  if (raw['version'] !== FORMAT_VERSION) throw malformed(`does not have version ${FORMAT_VERSION}`)
  const stream = objectOf(raw['stream'], 'stream')
  const server = objectOf(raw['server'], 'server')
  const snapshot = objectOf(raw['snapshot'], 'snapshot')
  const count = numberOf(raw['shards'], 'shards')
  const namespace = stream['namespace']
  return {
    stream: {
      name: textOf(stream['name'], 'stream.name'),
      ...(namespace !== undefined && { namespace: textOf(namespace, 'stream.namespace') }),
    },
    index: numberOf(raw['shard'], 'shard', { max: count - 1 }),
    count,
    system: textOf(server['system_identifier'], 'server.system_identifier', SYSTEM_IDENTIFIER),
    database: textOf(server['database'], 'server.database'),
    snapshot: textOf(snapshot['name'], 'snapshot.name', SNAPSHOT_NAME),
    visible: textOf(snapshot['visible'], 'snapshot.visible', VISIBLE),
    ranges: raw['ranges'] === null ? null : parseRanges(raw['ranges']),
  }
}

function parseRanges(raw: JsonValue | undefined): readonly PageRange[] {
  if (!Array.isArray(raw)) throw invalid('ranges')
  return raw.map((range: JsonValue, index) => {
    const key = `ranges[${index}]`
    const { leaf, ...rest } = objectOf(range, key)
    const filenode = numberOf(rest['filenode'], `${key}.filenode`)
    const start = numberOf(rest['start'], `${key}.start`)
    return {
      leaf: leaf === null ? null : textOf(leaf, `${key}.leaf`),
      filenode,
      start,
      end: rest['end'] === null ? null : numberOf(rest['end'], `${key}.end`, { min: start + 1 }),
    }
  })
}

function objectOf(value: JsonValue | undefined, key: string): JsonObject {
  if (isJsonObject(value)) return value
  throw invalid(key)
}

function numberOf(
  value: JsonValue | undefined,
  key: string,
  { min = 0, max = MAX_PAGE }: { min?: number; max?: number } = {},
): number {
  const isInRange = typeof value === 'number' && value >= min && value <= max
  if (isInRange && Number.isInteger(value)) return value
  throw invalid(key)
}

function textOf(value: JsonValue | undefined, key: string, form = TEXT): string {
  if (typeof value === 'string' && form.test(value)) return value
  throw invalid(key)
}

function invalid(key: string): ConnectorError {
  return malformed(`has no valid '${key}'`)
}

function malformed(what: string): ConnectorError {
  const message = `The shard ${what}. Pass a line that 'source-postgres shards' printed.`
  return new ConnectorError('config_error', message)
}
