import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** A column of a table as it is now, or as it was when it was dropped. */
export interface TableAttribute {
  readonly name: string
  readonly isDropped: boolean
  /** 0: it was dropped. */
  readonly typeOid: number
}

const ATTRIBUTES_SQL = `
SELECT attname::text AS name, attisdropped AS "isDropped", atttypid AS "typeOid"
FROM pg_attribute
WHERE attrelid = $1 AND attnum > 0
ORDER BY attnum`

/** The columns of a table in `attnum` order, dropped ones among them; empty if there is no such table. */
export async function readTableAttributes(
  session: SqlSession,
  oid: number,
): Promise<readonly TableAttribute[]> {
  return await session.query<TableAttribute>(ATTRIBUTES_SQL, [oid])
}
