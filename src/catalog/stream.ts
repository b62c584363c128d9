import type { JsonObject } from '../json/json.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import type { Relation } from '../introspection/relation.ts'

/** What a replication method can do with a relation. */
export interface StreamOffer {
  readonly isIncremental: boolean
  /** Whether incremental syncs find changes without a cursor of the user's choice. */
  readonly hasSourceDefinedCursor: boolean
}

export type OfferOf = (relation: Relation) => StreamOffer

/** What discover prints: the streams by namespace and name. */
export function toCatalog(
  relations: readonly Relation[],
  offerOf: OfferOf,
): { readonly streams: readonly AirbyteStream[] } {
  const sorted = relations.toSorted(
    (a, b) => compare(a.schema, b.schema) || compare(a.name, b.name),
  )
  return { streams: sorted.map((relation) => toStream(relation, offerOf(relation))) }
}

/** The one place where a relation of PostgreSQL becomes a stream of Airbyte. */
export function toStream(
  relation: Relation,
  { isIncremental, hasSourceDefinedCursor }: StreamOffer,
): AirbyteStream {
  return {
    name: relation.name,
    namespace: relation.schema,
    json_schema: jsonSchemaOf(relation),
    supported_sync_modes: isIncremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    source_defined_cursor: hasSourceDefinedCursor,
    default_cursor_field: [],
    source_defined_primary_key: relation.primaryKey.map((name) => [name]),
    is_resumable: relation.hasSystemColumns,
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
