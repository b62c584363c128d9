import { ConnectorError } from '../../errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../json/json.ts'
import type { StreamDescriptor } from '../../protocol/messages.ts'

/** Pages of one file of a relation: `[start, end)`, or to the end of the file. */
export interface PageRange {
  /** `"schema"."name"` of a leaf partition; null for a relation without partitions. */
  readonly leaf: string | null
  /** `pg_relation_filenode`: another one means that the rows have moved. */
  readonly filenode: number
  readonly start: number
  /** Null: to the end of the file. */
  readonly end: number | null
}

/** Where a snapshot was exported, and what it sees. */
interface ShardSource {
  /** `pg_export_snapshot()` */
  readonly snapshot: string
  /** `txid_current_snapshot()` of the same transaction. Another server may have a snapshot of the same name. */
  readonly visible: string
  /** `pg_control_system().system_identifier` */
  readonly system: string
  readonly database: string
}

/** A part of a stream in one snapshot. All shards of a snapshot together have each of its rows once. */
export interface Shard extends ShardSource {
  readonly stream: StreamDescriptor
  /** From 0 on. */
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
/** A ctid has 32 bits for the page. */
const MAX_PAGE = 2 ** 32 - 1

/**
 * Divides files into `count` lists of ranges of about equal size, in the order of the files. The last range of a file has no
 * end, so that pages which were added after its size was read are covered, too. Lists can be empty.
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

/** The JSON document of a shard. */
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

/** @throws ConnectorError config_error if it is not the document of a shard. */
export function parseShard(raw: unknown): Shard {
  if (!isJsonObject(raw)) throw malformed('is not a JSON object')
  const { version, stream, shard: index, shards: count, server, snapshot, ranges } = raw
  if (version !== FORMAT_VERSION) throw malformed(`does not have version ${FORMAT_VERSION}`)
  if (!isJsonObject(stream) || !isJsonObject(server) || !isJsonObject(snapshot)) {
    throw malformed("lacks 'stream', 'server' or 'snapshot'")
  }
  if (!isPage(index) || !isPage(count) || index >= count) {
    throw malformed("has no valid 'shard' and 'shards'")
  }
  const namespace = stream['namespace']
  return {
    stream: {
      name: textOf(stream['name'], 'stream.name'),
      ...(namespace !== undefined && { namespace: textOf(namespace, 'stream.namespace') }),
    },
    index,
    count,
    system: textOf(server['system_identifier'], 'server.system_identifier'),
    database: textOf(server['database'], 'server.database'),
    snapshot: textOf(snapshot['name'], 'snapshot.name'),
    visible: textOf(snapshot['visible'], 'snapshot.visible'),
    ranges: ranges === null ? null : parseRanges(ranges),
  }
}

function parseRanges(raw: JsonValue | undefined): readonly PageRange[] {
  if (!Array.isArray(raw)) throw malformed("has 'ranges' that are not a list")
  return raw.map((range: JsonValue) => {
    if (!isJsonObject(range)) throw malformed("has 'ranges' that are not objects")
    const { leaf, filenode, start, end } = range
    const isLeaf = leaf === null || typeof leaf === 'string'
    const isEnd = end === null || (isPage(end) && isPage(start) && end > start)
    if (!isLeaf || !isPage(filenode) || !isPage(start) || !isEnd) {
      throw malformed("has a range without valid 'leaf', 'filenode', 'start' and 'end'")
    }
    return { leaf, filenode, start, end }
  })
}

function isPage(value: JsonValue | undefined): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_PAGE
}

function textOf(value: JsonValue | undefined, key: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw malformed(`has no valid '${key}'`)
}

function malformed(what: string): ConnectorError {
  const message = `The shard ${what}. Pass a line that 'source-postgres shards' printed.`
  return new ConnectorError('config_error', message)
}
