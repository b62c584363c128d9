import type { Database } from './database.ts'
import { ReadTransaction } from './read-transaction.ts'
import type { SqlSession } from './sql-session.ts'

/**
 * Runs catalog queries in one snapshot, with the pinned settings and `search_path = pg_catalog`.
 */
export async function readCatalogs<Result>(
  database: Database,
  work: (session: SqlSession) => Promise<Result>,
): Promise<Result> {
  await using transaction = await ReadTransaction.begin(database, { searchPath: 'pg_catalog' })
  return await work(transaction)
}
