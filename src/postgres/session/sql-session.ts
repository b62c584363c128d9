/** One output column of a statement, as the server describes it before running it. */
export interface ResultField {
  readonly name: string
  readonly typeOid: number
  /** `pg_attribute.atttypmod`; -1 without a modifier. */
  readonly typmod: number
}

/** Runs statements and gives their rows. */
export interface QuerySession {
  /**
   * The rows of each of several statements, which go to the server as one simple query. They are parsed as pg does by
   * default: int4, oid and floats are numbers, int8 and numeric strings, booleans booleans, arrays of these arrays.
   */
  queryAll<Row>(statements: readonly string[]): Promise<readonly (readonly Row[])[]>
}

/** The rows of one statement. */
export async function queryRows<Row>(session: QuerySession, sql: string): Promise<readonly Row[]> {
  const [rows] = await session.queryAll<Row>([sql])
  return rows!
}

/** Runs statements that need no parameters: `SqlSession` in one transaction, `Database` each in one of its own. */
export interface RowSource {
  query<Row>(sql: string): Promise<readonly Row[]>
}

/** One connection, as far as reading catalogs needs it; statements run in its current transaction, if any. */
export interface SqlSession extends RowSource {
  /** The rows of one statement, parsed as those of `queryAll`. Parameters are `$1`, `$2`, … */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
  /**
   * The output columns of one statement, run read-only by the extended protocol, whose Parse refuses a text with
   * more than one: part of `sql` may come from a config. `FOR UPDATE` is only refused when it is executed.
   */
  describe(sql: string): Promise<readonly ResultField[]>
}
