import { errorCode } from '../../../errors.ts'
import { createSlot, dropSlot } from '../../../introspection/replication/setup-script.ts'
import { runBounded } from '../../../postgres/session/bounded-session.ts'
import type { Database } from '../../../postgres/session/database.ts'
import { ident, literal } from '../../../sql.ts'
import type { CdcFacts } from './prerequisites.ts'
import { slotProblem } from '../start-cases.ts'

/** First version that omits changes before the creation of a publication without an error. */
const MAJOR_WITHOUT_ERROR = 18
/** Time limit for decoding, which limits the amount of decoded log. */
const STATEMENT_TIMEOUT_S = 5
const LIMIT_MS = 10_000
/**
 * Number of messages that is enough to pass the empty transactions which servers before PostgreSQL
 * 15 send.
 */
const MESSAGES = 100
const UNDEFINED_OBJECT = '42704'

/**
 * Up to PostgreSQL 17, the publication is looked up as of the time of a change: a sync that starts
 * at the position of the slot fails if the publication did not exist then. Decodes the first
 * changes without moving the slot.
 * @returns a warning with the statements, or null.
 */
export async function findYoungPublication(
  database: Database,
  { cdc, server: { major }, log, publication }: CdcFacts,
): Promise<string | null> {
  const { slot: slotName } = cdc
  const isUsable =
    publication !== null &&
    !log.isStandby &&
    log.slot?.holder === null &&
    slotProblem({ slotName, major, facts: log, publicationOid: 0 }) === null
  if (!isUsable || major >= MAJOR_WITHOUT_ERROR) return null
  const name = ident(cdc.publication)
  const peek = `SELECT pg_catalog.count(*) FROM pg_catalog.pg_logical_slot_peek_binary_changes(${literal(slotName)}, NULL, ${MESSAGES}, 'proto_version', '1', 'publication_names', ${literal(name)})`
  try {
    const timeout = `SET statement_timeout = '${STATEMENT_TIMEOUT_S}s'`
    await runBounded(database, [timeout, peek], LIMIT_MS)
  } catch (error) {
    database.signal.throwIfAborted()
    // Other errors are found by the other checks, or do not prevent a sync
    if (errorCode(error) !== UNDEFINED_OBJECT) return null
    const create = createSlot(slotName, { major, isStandby: false })
    return `Publication ${name} is younger than the position of replication slot "${slotName}", and earlier changes cannot be read. Before the first sync, run: ${dropSlot(slotName)} ${create}`
  }
  return null
}
