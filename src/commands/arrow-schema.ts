import type { Relation } from '../introspection/relation.ts'
import { offeredColumns } from '../introspection/replication/change-columns.ts'
import type { JsonObject } from '../json/json.ts'
import type { ArrowOptions } from '../writers/arrow/arrow-fields.ts'

/**
 * Returns a function that describes the Arrow schema of a relation. apache-arrow is loaded only
 * here.
 */
export async function arrowSchemas(
  options: ArrowOptions,
): Promise<(relation: Relation) => JsonObject> {
  const { describeSchema } = await import('../writers/arrow/describe-schema.ts')
  return (relation) => {
    const offered = offeredColumns(relation)
    const isLogged = relation.log?.refusal === null
    // A deleted row may have only the values of its key
    const columns = isLogged ? offered.map((each) => ({ ...each, isNullable: true })) : offered
    return describeSchema(columns, options)
  }
}
