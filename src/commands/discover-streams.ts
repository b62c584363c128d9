import { meaningsOf, unknownNames } from '../catalog/select-streams.ts'
import type { Config } from '../config/config.ts'
import { ConnectorError } from '../errors.ts'
import { discoverRelations, type Discovery } from '../introspection/discovery.ts'
import { explainMissing } from '../introspection/missing-streams.ts'
import type { Relation } from '../introspection/relation.ts'
import type { Database } from '../postgres/session/database.ts'
import type { StreamDescriptor } from '../protocol/messages.ts'

/**
 * Discovers the streams that are named `name` or `namespace.name`, without a look at the other
 * relations of a large database. If none is named, all are discovered; also if one does not exist,
 * for a message with similar names.
 * @returns a problem for each stream that exists but is not read.
 */
export async function discoverStreams(
  database: Database,
  config: Config,
  wanted: readonly string[],
): Promise<Discovery> {
  if (wanted.length === 0) return await discoverRelations(database, config)
  const names = wanted.flatMap(meaningsOf).map(({ name }) => name)
  const found = await discoverRelations(database, config, names)
  const streams = found.relations.map((relation) => ({ stream: streamOf(relation) }))
  const unknown = unknownNames(streams, wanted)
  if (unknown.length === 0) return found
  const missing = await explainMissing(database, config, unknown.flatMap(meaningsOf))
  if (missing.length === 0) return await discoverRelations(database, config)
  const problems = missing.map(({ reason }) => new ConnectorError('config_error', reason))
  return { ...found, problems }
}

/** The name and the namespace of the stream of a relation. */
export function streamOf({ name, schema }: Pick<Relation, 'name' | 'schema'>): StreamDescriptor {
  return { name, namespace: schema }
}
