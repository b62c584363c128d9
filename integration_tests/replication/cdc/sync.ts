import { type Run, withConnector } from '../../helpers/connector.ts'
import type { CatalogStream, StateMessage } from '../../helpers/messages.ts'
import type { CdcDatabase } from './cdc-database.ts'

/** Options of a sync; each has a default. */
export interface SyncOptions {
  readonly method?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  /** Names of streams; default: all with incremental mode. */
  readonly streams?: readonly string[]
  /** One state or a list of states; default: none. */
  readonly state?: unknown
}

/** Streams with their keys, with the fields that tests use. */
export interface ConfiguredCatalog {
  readonly streams: readonly {
    readonly stream: CatalogStream
    readonly primary_key: readonly (readonly string[])[] | undefined
  }[]
}

/** Builds a configured catalog of the discovered streams with incremental mode. */
export async function incrementalCatalog(
  cdc: CdcDatabase,
  streams?: readonly string[],
): Promise<ConfiguredCatalog> {
  await using connector = await withConnector(cdc.config())
  const catalog = await connector.catalog()
  const selected = catalog.streams.filter(
    ({ name, supported_sync_modes: modes }) =>
      modes.includes('incremental') && (streams?.includes(name) ?? true),
  )
  return {
    streams: selected.map((stream) => ({
      stream,
      sync_mode: 'incremental',
      destination_sync_mode: 'append_dedup',
      cursor_field: stream.default_cursor_field,
      primary_key: stream.source_defined_primary_key,
    })),
  }
}

/** Runs one sync. */
export async function sync(cdc: CdcDatabase, options: SyncOptions = {}): Promise<Run> {
  const { method, config, streams, state } = options
  const catalog = await incrementalCatalog(cdc, streams)
  await using connector = await withConnector(cdc.config(method, config))
  return await connector.read({
    catalog,
    ...(state !== undefined && { state: [state].flat() }),
  })
}

/** Last state of a sync. @throws Error with its output if it failed or has none. */
export function lastState(run: Run): StateMessage {
  const state = run.states.at(-1)
  if (run.code !== 0 || state === undefined) {
    throw new Error(`the sync failed:\n${JSON.stringify(run.errors)}\n${run.stderr}`)
  }
  return state
}
