import type { Relation } from '../../src/introspection/relation.ts'
import {
  type RelationRow,
  type RelationScope,
  relationStatements,
  toRelations,
} from '../../src/introspection/relations.ts'
import { type Schema, schemasSql, userSchemas } from '../../src/introspection/scope.ts'
import type { CatalogRow } from '../../src/introspection/types.ts'
import type { CatalogSession } from './catalog-session.ts'

/** Reads the relations of a scope, like discovery. */
export async function readRelations(
  session: CatalogSession,
  scope: RelationScope,
): Promise<readonly Relation[]> {
  const [relations, types] = relationStatements(scope)
  const rows = await session.query<RelationRow>(relations)
  return toRelations(rows, await session.query<CatalogRow>(types))
}

/** Reads the schemas that users have created. */
export async function readSchemas(
  session: CatalogSession,
  table: string | null,
): Promise<readonly Schema[]> {
  return userSchemas(await session.query<Schema>(schemasSql(table)))
}
