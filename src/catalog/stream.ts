import type { JsonObject } from '../json/json.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import type { Column, Relation } from '../introspection/relation.ts'
import { LSN_FIELD, offeredColumns } from '../introspection/replication/change-columns.ts'

/** Sync modes that a replication method supports for a relation. */
export interface StreamOffer {
  readonly isIncremental: boolean
  /** Whether incremental syncs find changes without a cursor chosen by the user. */
  readonly hasSourceDefinedCursor: boolean
}

export type OfferOf = (relation: Relation) => StreamOffer

/** Builds the catalog of discover: streams sorted by namespace and name. */
export function toCatalog(
  relations: readonly Relation[],
  offerOf: OfferOf,
): { readonly streams: readonly AirbyteStream[] } {
  const sorted = relations.toSorted(
    (a, b) => compare(a.schema, b.schema) || compare(a.name, b.name),
  )
  return { streams: sorted.map((relation) => toStream(relation, offerOf(relation))) }
}

/** Converts a relation of PostgreSQL to an Airbyte stream; the only place for this conversion. */
export function toStream(
  relation: Relation,
  { isIncremental, hasSourceDefinedCursor }: StreamOffer,
): AirbyteStream {
  const { primaryKey, log } = relation
  const isFromLog = isIncremental && log !== undefined
  const key = isFromLog ? log.key : primaryKey
  return {
    name: relation.name,
    namespace: relation.schema,
    json_schema: { type: 'object', properties: propertiesOf(offeredColumns(relation)) },
    supported_sync_modes: isIncremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    source_defined_cursor: hasSourceDefinedCursor,
    default_cursor_field: isFromLog ? [LSN_FIELD] : [],
    source_defined_primary_key: key.map((name) => [name]),
    is_resumable: relation.hasSystemColumns,
  }
}

/** Defines own properties, also for a column called `__proto__`. */
function propertiesOf(columns: readonly Column[]): JsonObject {
  return Object.fromEntries(columns.map(({ name, type }) => [name, type.jsonSchema] as const))
}

/** Compares by code units, independently of the locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
