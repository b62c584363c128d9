import type { SqlSession } from '../../postgres/session/sql-session.ts'

/**
 * Resources that a slot uses on its server, besides its `LogFacts`. Values that a major version
 * does not have are null.
 */
export interface SlotUsage {
  /** `max_slot_wal_keep_size`; null: no limit, or before PostgreSQL 13. */
  readonly keepLimitBytes: number | null
  /**
   * Number of transactions that decoding has spilled to disk since the statistics were reset; since
   * PostgreSQL 14.
   */
  readonly spilledTransactions: number | null
  readonly spilledBytes: number | null
}

/** First major version with pg_stat_replication_slots. */
const MAJOR_WITH_STATISTICS = 14
const LIMIT_SQL = `
(SELECT s.setting::pg_catalog.float8 * 1048576 /* MB */
 FROM pg_catalog.pg_settings AS s
 WHERE s.name = 'max_slot_wal_keep_size' AND s.setting <> '-1') AS "keepLimitBytes"`

const OLD_SQL = `
SELECT ${LIMIT_SQL}, NULL AS "spilledTransactions", NULL AS "spilledBytes"
WHERE $1::pg_catalog.text IS NOT NULL`

const SQL = `
SELECT ${LIMIT_SQL},
       spill.spill_txns::pg_catalog.float8 AS "spilledTransactions",
       spill.spill_bytes::pg_catalog.float8 AS "spilledBytes"
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_stat_replication_slots AS spill ON spill.slot_name = $1`

/** Reads the resources of the slot `name`, in one query. */
export async function readSlotUsage(
  session: SqlSession,
  { name, major }: { readonly name: string; readonly major: number },
): Promise<SlotUsage> {
  const sql = major < MAJOR_WITH_STATISTICS ? OLD_SQL : SQL
  const [usage] = await session.query<SlotUsage>(sql, [name])
  return usage!
}
