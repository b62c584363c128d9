import type { SqlSession } from '../postgres/session/sql-session.ts'
import { type Attribute, columnBuilder } from './column.ts'
import type { Column, Relation } from './relation.ts'
import { RELATIONS_SQL, type RelationRow } from './relation-sql.ts'
import { SYSTEM_RELATIONS, isSystemSchema } from './system-names.ts'
import { readTypes } from './types.ts'

/** Which relations to look for; a config is one. */
export interface RelationScope {
  readonly schemas: readonly string[]
  /** The one name to look for in these schemas; null for all. */
  readonly table: string | null
  /** Only these names, as a catalog lists them; absent: all. */
  readonly names?: readonly string[]
  /** Whether columns and relations that the role may not read are left out. */
  readonly checkPrivileges: boolean
}

/**
 * The relations of the scope that this role may read, by schema and name. Two queries, however many there are.
 * A table that has no columns at all is one of them; a relation none of whose columns may be read is not.
 */
export async function readRelations(
  session: SqlSession,
  { schemas, table, names, checkPrivileges }: RelationScope,
): Promise<Relation[]> {
  const wanted = schemas.filter((schema) => !isSystemSchema(schema))
  const only = table === null ? (names ?? null) : [table]
  const params = [wanted, only, SYSTEM_RELATIONS, checkPrivileges]
  const rows = await session.query<RelationRow>(RELATIONS_SQL, params)
  const typeOids = new Set(rows.flatMap((row) => row.typeOids))
  const buildColumn = columnBuilder(await readTypes(session, typeOids))
  return rows.map((row) => toRelation(row, buildColumn))
}

function toRelation(row: RelationRow, buildColumn: (attribute: Attribute) => Column): Relation {
  const columns = attributesOf(row).map(buildColumn)
  const isWholeKey = row.primaryKey.every((name) => row.columnNames.includes(name))
  const { oid, schema, name, kind, isPartition, hasSystemColumns, estimatedRows, sizeBytes } = row
  const primaryKey = isWholeKey ? row.primaryKey : []
  const facts = { oid, schema, name, kind, isPartition, columns, primaryKey }
  return { ...facts, hasSystemColumns, estimatedRows, sizeBytes }
}

function attributesOf({ columnNames, typeOids, typmods, areNullable }: RelationRow): Attribute[] {
  return columnNames.map((name, index) => {
    const typeOid = typeOids[index]
    const typmod = typmods[index]
    const isNullable = areNullable[index]
    if (typeOid === undefined || typmod === undefined || isNullable === undefined) {
      throw new Error(`Column ${index} has no type`)
    }
    return { name, typeOid, typmod, isNullable }
  })
}
