import type { Config } from '../config/config.ts'
import type { JsonObject } from '../json/json.ts'
import type { AirbyteStream } from '../protocol/messages.ts'
import type { Column, Relation } from '../introspection/relation.ts'
import { LSN_FIELD, offeredColumns } from '../introspection/replication/change-columns.ts'

/** What discover says: the streams by namespace and name. */
export function toCatalog(
  relations: readonly Relation[],
  method: Config['replicationMethod'],
): { readonly streams: readonly AirbyteStream[] } {
  const sorted = relations.toSorted(
    (a, b) => compare(a.schema, b.schema) || compare(a.name, b.name),
  )
  return { streams: sorted.map((relation) => toStream(relation, method)) }
}

/** The one place where a relation of PostgreSQL becomes a stream of Airbyte. */
export function toStream(relation: Relation, method: Config['replicationMethod']): AirbyteStream {
  const { isIncremental, hasOwnCursor, key } = offerOf(relation, method)
  return {
    name: relation.name,
    namespace: relation.schema,
    json_schema: { type: 'object', properties: propertiesOf(offeredColumns(relation)) },
    supported_sync_modes: isIncremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    source_defined_cursor: hasOwnCursor,
    default_cursor_field: method === 'CDC' && isIncremental ? [LSN_FIELD] : [],
    source_defined_primary_key: key.map((name) => [name]),
    is_resumable: relation.hasSystemColumns,
  }
}

/** How changes of a relation are found. */
interface Offer {
  readonly isIncremental: boolean
  /** It needs no cursor column. */
  readonly hasOwnCursor: boolean
  readonly key: readonly string[]
}

function offerOf(relation: Relation, method: Config['replicationMethod']): Offer {
  const { columns, primaryKey: key, hasSystemColumns, log } = relation
  switch (method) {
    case 'Standard': {
      const isIncremental = columns.some((column) => column.order !== null)
      return { isIncremental, hasOwnCursor: false, key }
    }
    case 'Xmin': {
      const hasOwnCursor = hasSystemColumns && key.length > 0
      return { isIncremental: hasSystemColumns, hasOwnCursor, key }
    }
    case 'CDC': {
      const isIncremental = log?.refusal === null
      return { isIncremental, hasOwnCursor: isIncremental, key: log?.key ?? key }
    }
    default:
      method satisfies never
      throw new Error('Unknown replication method')
  }
}

/** Own properties even for a column called `__proto__`. */
function propertiesOf(columns: readonly Column[]): JsonObject {
  return Object.fromEntries(columns.map(({ name, type }) => [name, type.jsonSchema] as const))
}

/** The same order on every machine, unlike that of a locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
