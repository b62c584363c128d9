import type { Config } from '../config/config.ts'
import type { JsonObject } from '../json/json.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import type { Relation } from '../introspection/relation.ts'

/** The config's `replication_method`, of those that decide how a stream is offered. */
export type CatalogMethod = Exclude<Config['replicationMethod'], 'CDC'>

/** What discover says: the streams by namespace and name. */
export function toCatalog(
  relations: readonly Relation[],
  method: CatalogMethod,
): { readonly streams: readonly AirbyteStream[] } {
  const sorted = relations.toSorted(
    (a, b) => compare(a.schema, b.schema) || compare(a.name, b.name),
  )
  return { streams: sorted.map((relation) => toStream(relation, method)) }
}

/** The one place where a relation of PostgreSQL becomes a stream of Airbyte. */
export function toStream(relation: Relation, method: CatalogMethod): AirbyteStream {
  const isIncremental = supportsIncremental(relation, method)
  return {
    name: relation.name,
    namespace: relation.schema,
    json_schema: jsonSchemaOf(relation),
    supported_sync_modes: isIncremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    source_defined_cursor: method === 'Xmin' && isIncremental && relation.primaryKey.length > 0,
    default_cursor_field: [],
    source_defined_primary_key: relation.primaryKey.map((name) => [name]),
    is_resumable: relation.hasSystemColumns,
  }
}

function supportsIncremental(relation: Relation, method: CatalogMethod): boolean {
  switch (method) {
    case 'Standard':
      return relation.columns.some((column) => column.order !== null)
    case 'Xmin':
      return relation.hasSystemColumns
    default:
      method satisfies never
      throw new Error('Unknown replication method')
  }
}

/** Own properties even for a column called `__proto__`. */
function jsonSchemaOf({ columns }: Relation): JsonObject {
  const properties = columns.map(({ name, type }) => [name, type.jsonSchema] as const)
  return { type: 'object', properties: Object.fromEntries(properties) }
}

/** The same order on every machine, unlike that of a locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
