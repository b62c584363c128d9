import { isCalled, relationNames } from '../catalog/select-streams.ts'
import type { Config } from '../config/config.ts'
import { discoverRelations, type Discovery } from '../introspection/discovery.ts'
import type { Relation } from '../introspection/relation.ts'
import type { Database } from '../postgres/session/database.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'

/**
 * Discovers the streams that are named `name` or `namespace.name`, without a look at the other
 * relations of a large database. If one of them is not found or none is named, all are discovered:
 * the message for an unknown stream has similar names.
 */
export async function discoverStreams(
  database: Database,
  config: Config,
  wanted: readonly string[],
): Promise<Discovery> {
  if (wanted.length > 0) {
    const found = await discoverRelations(database, config, wanted.flatMap(relationNames))
    const streams = found.relations.map(streamOf)
    if (wanted.every((name) => streams.some((stream) => isCalled(stream, name)))) return found
  }
  return await discoverRelations(database, config)
}

/** The name and the namespace of the stream of a relation. */
export function streamOf({ name, schema }: Relation): StreamDescriptor {
  return { name, namespace: schema }
}
