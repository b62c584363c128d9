import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import { readIdentity } from '../introspection/server-identity.ts'
import type { Database } from '../postgres/session/database.ts'
import type { SharedFrom } from '../postgres/session/read-transaction.ts'
import type { ConfiguredStream } from '../protocol/messages.ts'
import { streamKey, streamLabel } from '../protocol/stream-names.ts'
import type { Shard } from '../replication/snapshot/shards.ts'

/**
 * Config for a shard, without retries and parallel readers. A shard is read as a whole or not at
 * all: the engine that runs it discards the rows of a failed attempt and retries it. It uses one
 * connection, because there may be many shards.
 */
export function shardConfig(config: Config): Config {
  return { ...config, maxRetries: 0, minConnections: 1, maxConnections: 1 }
}

/**
 * Returns the stream of a shard, with the columns that a catalog selects.
 * @throws ConnectorError config_error if the catalog does not contain the stream.
 */
export function shardStream(
  catalog: readonly ConfiguredStream[] | null,
  { stream }: Shard,
): ConfiguredStream {
  const key = streamKey(stream)
  const selected = catalog?.find((each) => streamKey(each.stream) === key)
  if (selected !== undefined) return { ...selected, sync_mode: 'full_refresh' }
  const all = { stream: { ...stream, json_schema: {} }, cursor_field: [], primary_key: [] }
  if (catalog === null) return { ...all, sync_mode: 'full_refresh' }
  const message = `The catalog does not have the stream of the shard, '${streamLabel(stream)}'.`
  throw new ConnectorError('config_error', message)
}

/**
 * Imports the snapshot of a shard.
 * @throws ConnectorError config_error if the shard is from another server or database.
 */
export async function importSnapshot(database: Database, shard: Shard): Promise<SharedFrom> {
  const identity = await readIdentity(database)
  const isSame = identity.system === shard.system && identity.database === shard.database
  if (!isSame) {
    const message = `The shard is of another server or database than the config: database '${shard.database}' of system ${shard.system}. Use the config that the shards were made with.`
    throw new ConnectorError('config_error', message)
  }
  const [xmin = '', xmax = ''] = shard.visible.split(':')
  const snapshot = { xmin: BigInt(xmin), xmax: BigInt(xmax), text: shard.visible, atMs: Date.now() }
  return { name: shard.snapshot, snapshot }
}
