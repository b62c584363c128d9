import type { SqlSession } from '../../postgres/session/sql-session.ts'

/** A current or dropped column of a table. */
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

/**
 * Reads the columns of a table in `attnum` order, including dropped ones; empty if there is no such
 * table.
 */
export async function readTableAttributes(
  session: SqlSession,
  oid: number,
): Promise<readonly TableAttribute[]> {
  return await session.query<TableAttribute>(ATTRIBUTES_SQL, [oid])
}
