/** Output column of a statement, described by the server without running it. */
export interface ResultField {
  readonly name: string
  readonly typeOid: number
  /** `pg_attribute.atttypmod`; -1 without a modifier. */
  readonly typmod: number
}

/** Runs statements and returns their rows. */
export interface QuerySession {
  /**
   * Returns the rows of each statement; they are sent as one simple query. Values are parsed with
   * pg's defaults: int4, oid and floats as numbers, int8 and numeric as strings, booleans as
   * booleans, arrays as arrays of these.
   */
  queryAll<Row>(statements: readonly string[]): Promise<readonly (readonly Row[])[]>
}

/** Returns the rows of one statement. */
export async function queryRows<Row>(session: QuerySession, sql: string): Promise<readonly Row[]> {
  const [rows] = await session.queryAll<Row>([sql])
  return rows!
}

/**
 * Runs statements without parameters: `SqlSession` in one transaction, `Database` each in its own
 * transaction.
 */
export interface RowSource {
  query<Row>(sql: string): Promise<readonly Row[]>
}

/** One connection for reading catalogs. Statements run in its current transaction, if any. */
export interface SqlSession extends RowSource {
  /**
   * Returns the rows of one statement, parsed like those of `queryAll`. Parameters are `$1`, `$2`,
   * …
   */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
  /**
   * Returns the output columns of one statement, run read-only by the extended protocol, whose
   * Parse rejects a text with several statements: a part of `sql` may come from a config. `FOR
   * UPDATE` is only rejected when it is executed.
   */
  describe(sql: string): Promise<readonly ResultField[]>
}
