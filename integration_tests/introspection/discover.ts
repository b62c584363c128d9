import type { RelationScope } from '../../src/introspection/relations.ts'
import type { Relation } from '../../src/introspection/relation.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { readRelations } from './catalog-queries.ts'
import { CatalogSession } from './catalog-session.ts'

const PUBLIC = { schemas: ['public'], table: null, checkPrivileges: true }

/** What a discovery finds, and with how many queries. */
export async function discover(
  db: TestDatabase,
  scope: Partial<RelationScope> = {},
  role?: string,
): Promise<{ relations: readonly Relation[]; queries: number }> {
  await using session = await CatalogSession.open(db, role)
  const relations = await readRelations(session, { ...PUBLIC, ...scope })
  return { relations, queries: session.queries }
}

/** The relations of schema `public` by name, once `sql` has run. */
export async function relationsOf(
  db: TestDatabase,
  sql: string,
): Promise<Record<string, Relation>> {
  await db.sql(sql)
  const { relations } = await discover(db)
  return Object.fromEntries(relations.map((relation) => [relation.name, relation]))
}

/** Names in `attnum` order. */
export function columnNames(relation: Relation | undefined): string[] | undefined {
  return relation?.columns.map(({ name }) => name)
}
