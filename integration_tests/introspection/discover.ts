import type { RelationScope } from '../../src/introspection/relations.ts'
import type { Relation } from '../../src/introspection/relation.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { readRelations } from './catalog-queries.ts'
import { CatalogSession } from './catalog-session.ts'

const PUBLIC = { schemas: ['public'], table: null, checkPrivileges: true }

/** Returns the result of a discovery and its number of queries. */
export async function discover(
  db: TestDatabase,
  scope: Partial<RelationScope> = {},
  role?: string,
): Promise<{ relations: readonly Relation[]; queries: number }> {
  await using session = await CatalogSession.open(db, role)
  const relations = await readRelations(session, { ...PUBLIC, ...scope })
  return { relations, queries: session.queries }
}

/** Returns the relations of schema `public` by name, after running `sql`. */
export async function relationsOf(
  db: TestDatabase,
  sql: string,
): Promise<Record<string, Relation>> {
  await db.sql(sql)
  const { relations } = await discover(db)
  return Object.fromEntries(relations.map((relation) => [relation.name, relation]))
}

/** Column names in `attnum` order. */
export function columnNames(relation: Relation | undefined): string[] | undefined {
  return relation?.columns.map(({ name }) => name)
}
