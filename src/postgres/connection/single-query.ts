import type { Client, QueryResult } from 'pg'
import './pg-internals.ts'

/**
 * Overrides isolation and timeout that the role, the database or the server may set for a session:
 * a standby rejects every query of a serializable session. They are local to the transaction,
 * because a pooler may pass the session to other clients, and may reject settings at start-up.
 */
const BEGIN_SQL = `
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL statement_timeout = 0`

/**
 * Runs one statement in its own transaction, in one round trip. After a failure, the transaction is
 * still open.
 */
export async function querySingle<Row>(client: Client, sql: string): Promise<readonly Row[]> {
  const results: unknown = await client.query(`${BEGIN_SQL};\n${sql};\nCOMMIT`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of pg have only one result
  return (results as readonly QueryResult[]).flatMap(({ rows }) => rows)
}
