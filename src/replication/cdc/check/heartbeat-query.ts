import { errorCode } from '../../../errors.ts'
import { runBounded } from '../../../postgres/session/bounded-session.ts'
import type { Database } from '../../../postgres/session/database.ts'
import { describeQueryFailure, HEARTBEAT_SETTINGS_SQL } from '../heartbeat.ts'

/**
 * First words of statements that EXPLAIN does not take, or that have a meaning of their own after
 * it.
 */
const NOT_EXPLAINED: ReadonlySet<string> = new Set(
  `abort alter analyse analyze begin call checkpoint close cluster comment commit copy create deallocate declare discard
   do drop end execute explain fetch grant import listen load lock move notify prepare reassign refresh reindex release
   repack reset revoke rollback savepoint security set show start truncate unlisten vacuum wait`.split(
    /\s+/,
  ),
)
const COMMENT = /--[^\n]*|\/\*[^]*?\*\//g
/** Syntax, objects that do not exist, privileges. */
const WRONG_QUERY = /^(42|3F)/
const LIMIT_MS = 10_000

/**
 * Returns why `heartbeat_action_query` will fail, without running it: EXPLAIN looks up the names
 * and checks the privileges. Null: there is no such error, or EXPLAIN does not accept the query,
 * such as CALL, a command or several statements.
 */
export async function findHeartbeatProblem(
  database: Database,
  query: string | null,
): Promise<string | null> {
  const statement = query?.trim().replace(/;$/, '') ?? ''
  const [firstWord] =
    /^[a-z]+/.exec(statement.replaceAll(COMMENT, ' ').trimStart().toLowerCase()) ?? []
  const isExplained = firstWord !== undefined && !NOT_EXPLAINED.has(firstWord)
  if (!isExplained || statement.includes(';')) return null
  const explain = `EXPLAIN (ANALYZE off) ${statement}`
  try {
    await runBounded(database, [HEARTBEAT_SETTINGS_SQL, 'BEGIN READ ONLY', explain], LIMIT_MS)
    return null
  } catch (error) {
    database.signal.throwIfAborted()
    return WRONG_QUERY.test(errorCode(error) ?? '') ? describeQueryFailure(error) : null
  }
}
