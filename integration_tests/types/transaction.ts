import { parseConfig } from '../../src/config/parse-config.ts'
import { Database } from '../../src/postgres/session/database.ts'
import { ReadTransaction } from '../../src/postgres/session/read-transaction.ts'
import type { TupleSink } from '../../src/wire/copy-stream.ts'
import type { TestDatabase } from '../helpers/database.ts'

/** Runs `work` in a transaction like that of a read. */
export async function inTransaction<Result>(
  db: TestDatabase,
  work: (transaction: ReadTransaction, database: Database) => Promise<Result>,
): Promise<Result> {
  await using database = await Database.connect(parseConfig(db.config()).config)
  await using transaction = await ReadTransaction.begin(database)
  return await work(transaction, database)
}

/** Reads the SELECTs as COPY to their end, like the connector. */
export async function copyAll(
  transaction: ReadTransaction,
  selects: readonly string[],
  sink: TupleSink,
): Promise<void> {
  const copy = transaction.copy(selects, sink)
  for (let progress = await copy.read(); progress !== 'end';) progress = await copy.read()
}
