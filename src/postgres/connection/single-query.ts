import type { Client, QueryResult } from 'pg'
import './pg-internals.ts'

/**
 * Isolation and timeout that a session may have of its role, its database or its server: a standby rejects every query
 * of a serializable session. They are local to the transaction, since a pooler may hand the session to others, and may
 * not take settings at the start-up.
 */
const BEGIN_SQL = `
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;
SET LOCAL statement_timeout = 0`

/** Runs one statement in a transaction of its own, in one round trip. After a failure the transaction is still open. */
export async function querySingle<Row>(client: Client, sql: string): Promise<readonly Row[]> {
  const results: unknown = await client.query(`${BEGIN_SQL};\n${sql};\nCOMMIT`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of pg have one result only
  return (results as readonly QueryResult[]).flatMap(({ rows }) => rows)
}
