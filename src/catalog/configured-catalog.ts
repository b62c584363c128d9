import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json/json.ts'
import type { AirbyteStream, ConfiguredStream, SyncMode } from '../protocol/messages.ts'
import { streamKey } from '../protocol/stream-names.ts'
import { QUERY_STREAM_NAME } from '../introspection/query-stream.ts'

/**
 * Parses the streams of a configured catalog. Fields that the connector does not use are ignored;
 * an optional field may be null. A stream without a sync mode is a full refresh, according to the
 * protocol.
 * @throws ConnectorError config_error with the stream and the field.
 */
export function parseConfiguredCatalog(raw: JsonObject): ConfiguredStream[] {
  const entries: unknown = raw['streams']
  if (!Array.isArray(entries)) {
    throw raw['type'] === 'CATALOG'
      ? invalid("is not configured: it needs a list 'streams', with a sync_mode for each stream")
      : invalid("has no list 'streams'")
  }
  if (entries.length === 0) throw invalid('selects no streams')
  const streams = entries.map((entry: unknown, index) => parseStream(entry, index))
  rejectRepeated(streams)
  return streams
}

/** The parameters of the config that select streams. */
export type Selection = Pick<
  Config,
  'table' | 'query' | 'syncMode' | 'cursorField' | 'primaryKey'
> & {
  /** Whether an incremental stream needs the cursor field. */
  readonly needsCursor: boolean
}

/**
 * Builds the catalog for `read` without `--catalog`: every discovered stream, or only that of the
 * config's `query` if there is one and no `table`, with the config's sync mode, cursor field and
 * primary key. The source-defined key is the default of the primary key. Streams that support only
 * full refresh are read in full, unless the config has a cursor for them.
 */
export function buildConfiguredCatalog(
  streams: readonly AirbyteStream[],
  { table, query, syncMode, cursorField, primaryKey, needsCursor }: Selection,
): ConfiguredStream[] {
  const isOnlyQuery = query !== null && table === null
  const selected = streams.filter(({ name }) => !isOnlyQuery || name === QUERY_STREAM_NAME)
  return selected.map((stream) => ({
    stream,
    sync_mode:
      needsCursor || stream.supported_sync_modes.includes(syncMode) ? syncMode : 'full_refresh',
    cursor_field: cursorField === null ? [] : [outputColumn(cursorField, stream)],
    primary_key:
      primaryKey.length === 0
        ? stream.source_defined_primary_key
        : primaryKey.map((name) => [outputColumn(name, stream)]),
  }))
}

/**
 * `o.updated_at` → `updated_at`, unless a column has exactly this name or no column has the shorter
 * name.
 */
function outputColumn(name: string, { json_schema }: AirbyteStream): string {
  const { properties } = json_schema
  if (!isJsonObject(properties) || Object.hasOwn(properties, name)) return name
  const last = name.slice(name.lastIndexOf('.') + 1)
  return Object.hasOwn(properties, last) ? last : name
}

function rejectRepeated(streams: readonly ConfiguredStream[]): void {
  const seen = new Set<string>()
  for (const { stream } of streams) {
    const key = streamKey(stream)
    if (seen.has(key))
      throw invalid(`selects the stream ${label(stream.name, stream.namespace)} twice`)
    seen.add(key)
  }
}

function parseStream(entry: unknown, index: number): ConfiguredStream {
  const stream = isJsonObject(entry) ? entry['stream'] : undefined
  if (!isJsonObject(entry) || !isJsonObject(stream)) {
    throw invalid(`has no 'stream' object in entry ${index + 1}`)
  }
  const { name, namespace, json_schema: schema } = stream
  if (typeof name !== 'string' || name === '') {
    throw invalid(`has a stream without a name in entry ${index + 1}`)
  }
  if (!isAbsent(namespace) && typeof namespace !== 'string') {
    throw invalid(`has a 'namespace' that is not a string in ${label(name)}`)
  }
  const place = label(name, namespace)
  if (!isAbsent(schema) && !isJsonObject(schema)) {
    throw invalid(`has a 'json_schema' that is not an object in ${place}`)
  }
  return {
    stream: {
      name,
      ...(isAbsent(namespace) ? {} : { namespace }),
      json_schema: schema ?? {},
    },
    sync_mode: parseSyncMode(entry['sync_mode'], place),
    cursor_field: parseNames(entry['cursor_field'], `'cursor_field' of ${place}`),
    primary_key: parsePaths(entry['primary_key'], `'primary_key' of ${place}`),
  }
}

function parseSyncMode(raw: unknown, place: string): SyncMode {
  if (isAbsent(raw)) return 'full_refresh'
  if (raw === 'full_refresh' || raw === 'incremental') return raw
  throw invalid(`has an unknown 'sync_mode' in ${place}: use 'full_refresh' or 'incremental'`)
}

function parsePaths(raw: unknown, place: string): string[][] {
  if (isAbsent(raw)) return []
  if (!Array.isArray(raw)) throw invalid(`has a ${place} that is not a list of lists of names`)
  return raw.map((path: unknown) => parseNames(path, place))
}

function parseNames(raw: unknown, place: string): string[] {
  if (isAbsent(raw)) return []
  if (!Array.isArray(raw) || !raw.every((name): name is string => typeof name === 'string')) {
    throw invalid(`has a ${place} that is not a list of names`)
  }
  return [...raw]
}

function label(name: string, namespace?: string | null): string {
  return isAbsent(namespace) ? `'${name}'` : `'${namespace}.${name}'`
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function invalid(what: string): ConnectorError {
  const message = `The configured catalog ${what}. Make it from what 'discover' prints.`
  return new ConnectorError('config_error', message)
}
